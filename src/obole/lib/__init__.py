"""Money, dates, states, files: plain Python first, no idea of the trade."""
