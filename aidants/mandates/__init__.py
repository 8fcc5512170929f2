"""Mandates: what a resident grants, to whom, until when, proven how."""
