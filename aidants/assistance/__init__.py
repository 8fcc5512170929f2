"""One sitting of a helper and a resident: every run and every act belongs to one."""
