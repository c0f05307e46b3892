"""Attempts at the bank, money received, and what the bank said."""
