"""What the town offers: prestations, dispositifs, their form, products and prices."""
