"""How often somebody may do a thing: counted in the database, for every process and every machine at once."""
