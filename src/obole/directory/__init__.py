"""Who is who: the authority, citizens, agents and their rights."""
