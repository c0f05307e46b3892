"""The database where OBOLE_DATABASE_URL is not set: Django's engine, which refuses in one sentence."""
