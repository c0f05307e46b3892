"""What administrators type in « Paramétrage »."""
