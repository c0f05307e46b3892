"""What answers each of the citizens' addresses: read, one call to a room, answer."""
