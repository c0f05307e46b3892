"""What forms say of amounts."""
