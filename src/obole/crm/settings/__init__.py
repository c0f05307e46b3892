"""« Paramétrage »."""
