"""What a régie pays over to the comptable: bordereaux de versement, signed, numbered, each entry once."""
