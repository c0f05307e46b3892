"""Invoice types, invoices, their numbers and their documents."""
