"""What is printed about a payment."""
