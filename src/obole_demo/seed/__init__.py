"""
A town of as many invoices as one wants, to measure what a list or an export costs.

Nothing goes through the operations: rows are written by COPY, and triggers rest meanwhile. The books are right all the
same: the chain is computed, and ``obole verify`` accepts them. It fills nothing but an empty database.
"""
