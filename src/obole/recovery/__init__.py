"""What is not paid: what is left to recover, and what is handed over to the comptable public."""
