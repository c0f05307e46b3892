"""How long what is known of people is kept, what they may take away, and how they are forgotten."""
