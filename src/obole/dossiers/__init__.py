"""What a citizen asked for, and its review."""
