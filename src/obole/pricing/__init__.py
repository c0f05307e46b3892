"""
The pricing of dispositifs: pure calculation, no database, no clock, no float.

``model`` is what an administrator votes (``parts.Pricing``, with ``tariffs`` and ``formulas``), ``checking`` says what
is wrong with it, ``engine`` compiles it once and prices answers, ``wording`` says why. ``text`` reads and writes it.
"""
