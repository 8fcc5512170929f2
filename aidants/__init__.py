"""Mandates, guided online procedures and a verifiable journal for public counters in France."""

from __future__ import annotations

__version__ = "0.1.0"
