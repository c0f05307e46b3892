"""Banks: one folder of facts each. No Django, no other room: configuration comes by the constructor."""
