"""How files of banks are read, and how their lines are recognised: calculations, without a database."""
