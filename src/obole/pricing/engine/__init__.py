"""A pricing compiled once, and amounts computed from answers."""
