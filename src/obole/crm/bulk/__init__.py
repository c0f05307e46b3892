"""Doing one thing to the rows that were chosen in a list: what will happen, how far it is, what was refused."""
