"""Payments, the counter, « À traiter », refunds, régies and their closings."""
