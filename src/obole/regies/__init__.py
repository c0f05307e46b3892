"""The régie d'encaissement: its settings and its double-entry ledger, which only grows."""
