"""Properties are judged by what they say, not by the load of the machine they run on."""

from hypothesis import settings

settings.register_profile("pricing", deadline=None)
settings.load_profile("pricing")
