"""What the bank says of a régie's account: statements as they came, and which receipt each of their lines is."""
