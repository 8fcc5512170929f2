"""HTTP without features: how a page is declared, read, guarded, rendered and refused."""
