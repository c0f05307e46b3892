"""The books of a régie and what it does with its money."""
