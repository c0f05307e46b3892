"""What the town offers: prestations, dispositifs, their forms and their pricings."""
