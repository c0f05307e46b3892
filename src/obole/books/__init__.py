"""The books of a régie as a whole: recomputed, compared, shown."""
