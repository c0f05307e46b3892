"""« Paramétrage »: one file for each screen."""
