"""The papers of the books."""
