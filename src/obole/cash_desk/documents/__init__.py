"""What is printed about a remise."""
