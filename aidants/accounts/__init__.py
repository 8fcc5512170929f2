"""Organisations, the people who work there, their sessions and second factors."""
