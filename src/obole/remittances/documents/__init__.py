"""What is printed about what is paid over."""
