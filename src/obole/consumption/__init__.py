"""What was consumed: how much of what, which day, for whom of a dossier."""
