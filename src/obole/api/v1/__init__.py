"""What other software calls: each with a key, in JSON, never as a browser."""
