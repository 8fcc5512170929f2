"""What needs no account: the resident's own pages and the check of a mandate."""
