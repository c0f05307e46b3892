"""Obole: invoicing and online payment for French local authorities."""
