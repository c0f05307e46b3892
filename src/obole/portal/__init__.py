"""The citizens' door: apply, see, pay, keep receipts."""
