"""« Campagnes »: a period billed for all dossiers together, from the drafts to what became of them."""
