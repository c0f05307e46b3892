"""The product's settings, made quick and hostile, on a PostgreSQL of the suite's own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from obole_demo.embedded_postgres import EmbeddedServer

if "OBOLE_TESTS_VAR" not in os.environ:
    # The first process of a run starts the server; the others (xdist, real processes) inherit its address.
    _var = Path(tempfile.mkdtemp(prefix="obole-tests-"))
    os.environ["OBOLE_TESTS_VAR"] = os.environ["OBOLE_VAR"] = str(_var)
    os.environ["OBOLE_SECRET_KEY"] = "tests only"
    # What is registered last is done first: the server needs the key in its folder to be found again.
    atexit.register(shutil.rmtree, _var, ignore_errors=True)
    if "OBOLE_DATABASE_URL" not in os.environ:
        _server = EmbeddedServer(_var, durable=False)
        _server.start()
        os.environ["OBOLE_DATABASE_URL"] = _server.url
        atexit.register(_server.erase)

# The simulator and the banks that tests invent are on this machine; the fast ones use the sandbox.
_HERE = "https://127.0.0.1:* http://127.0.0.1:* http://localhost:*"
os.environ.setdefault("OBOLE_BANKS", f"https://www.payfip.gouv.fr https://pay.example {_HERE}")
os.environ.setdefault("OBOLE_TRAINING", "yes")

from obole_demo.settings import *  # noqa: F403
from obole_demo.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, STATIC_ROOT, TEMPLATES, VAR

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Tried by itself (tests/accounts/test_second_factors.py): everywhere else agents sign in with a password.
REQUIRE_MFA = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(VAR / "files")}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATABASES["default"]["OPTIONS"].pop("pool", None)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
INSTALLED_APPS = ["zeal", *INSTALLED_APPS]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True
# Twice is a second try; three times is a loop.
ZEAL_NPLUSONE_THRESHOLD = 3
# A library looks at each of the few addresses and sessions that somebody has, and at whose it is.
ZEAL_ALLOWLIST = [
    {"model": "account.EmailAddress"},
    {"model": "sessions.Session"},
    {"model": "directory.User", "field": "get()"},
]
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "UNDEFINED-VARIABLE"
