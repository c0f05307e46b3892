"""What is printed about an invoice, and the letterhead that every document of an authority shares."""
