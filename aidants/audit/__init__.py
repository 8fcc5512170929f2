"""Screens on the journal: for auditors, for managers (their organisation) and for helpers (their own acts)."""
