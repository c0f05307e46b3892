"""Template tags: a builtin library, so templates need not load it."""
