"""A resident's own pages, without account: what they granted, what was done for them, stopping, asking."""
