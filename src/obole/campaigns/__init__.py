"""What a type de facture bills for a period, all dossiers together: drafts, what is odd in them, their deposit."""
