"""How the books are read: balances, accounts line by line, what came in, what each balance is made of."""
