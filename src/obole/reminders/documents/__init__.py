"""What is printed of reminders."""
