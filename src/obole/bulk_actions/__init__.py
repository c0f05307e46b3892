"""One thing done to many rows of a list: what was asked, how far it is, and what became of each row."""
