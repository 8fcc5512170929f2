"""Guides: step-by-step paths through online procedures, written as data and walked by a helper or alone."""
