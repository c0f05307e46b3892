"""Cash at the counter: drawers, who has which open, what is counted, and what is handed in to the bank."""
