"""What is printed of what is not paid."""
