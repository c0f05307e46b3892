"""Dossiers: their list, one of them, its review, its invoices."""
