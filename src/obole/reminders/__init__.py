"""Whom to nudge, when, with which words."""
