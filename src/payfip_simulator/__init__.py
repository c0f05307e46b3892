"""A strict stand-in for the bank PayFiP: no real money, no real card, no code of the product."""
