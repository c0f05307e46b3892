"""How people come in: addresses proven, invitations, sessions."""
