"""Invoices: their list, one of them, drafts, avoirs, instalments and what goes with them."""
