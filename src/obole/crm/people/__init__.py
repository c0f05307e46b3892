"""Citizens, the search, and what an agent sees first."""
