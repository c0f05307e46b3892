"""Message templates and the outbox."""
