"""Figures, never verdicts: `make bench`."""
