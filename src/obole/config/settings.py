"""One file of settings for every place. Each read of the environment goes through ``env``."""

import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import bootstrap_wrapper
from csp.constants import NONCE, NONE, SELF

from obole.config import env
from obole.config.embedded_postgres import EmbeddedServer
from obole.config.kept import kept_once

PACKAGE = Path(__file__).resolve().parent.parent
VAR = Path(
    env.text("OBOLE_VAR", "var", "Dossier de ce que cette installation garde : fichiers, base embarquée, secret.")
)

DEBUG = False
BASE_URL = env.text("OBOLE_BASE_URL", "http://localhost:8000", "Adresse publique du portail, sans barre finale.")
SIMULATOR_URL = env.text(
    "OBOLE_SIMULATOR_URL", "", "Adresse du simulateur PayFiP, là où il sert (démonstration, formation)."
)
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.text(
    "OBOLE_HOSTS", "localhost 127.0.0.1 [::1]", "Noms d’hôte auxquels le portail répond, séparés par des espaces."
).split()
CSRF_TRUSTED_ORIGINS = [BASE_URL]


def _secret_key() -> str:
    """Return the configured secret, or one made at the first start and kept in the folder of state."""
    given = env.text(
        "OBOLE_SECRET_KEY",
        "",
        "Secret qui signe les sessions et les liens ; fabriqué au premier démarrage s’il est vide.",
    )
    return given or kept_once(VAR / "secret", lambda: secrets.token_urlsafe(64))


SECRET_KEY = _secret_key()


DATABASE_SCHEMES = frozenset({"postgresql", "postgres"})


def _database(url: str) -> dict[str, object]:
    """
    Translate postgresql://user:password@host:port/name?host=/socket/folder.

    :raises obole.config.env.BadSetting: for any other database: without row locks, two payments may meet unseen.
    """
    parts = urlsplit(url)
    if parts.scheme not in DATABASE_SCHEMES:
        raise env.BadSetting(
            f"OBOLE_DATABASE_URL={parts.scheme}://…: only PostgreSQL keeps the books: give postgresql://…"
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # A connection that the server cut is found out before it is used: after a restart nobody meets yesterday's.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**query, "pool": {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 10}},
    }


DATABASE_POOL = env.integer("OBOLE_DATABASE_POOL", 8, "Nombre de connexions à la base qu’un processus garde au plus.")
DATABASE_URL = env.text("OBOLE_DATABASE_URL", "", "Adresse postgresql:// de la base ; vide : le PostgreSQL embarqué.")
DATABASES = {"default": _database(DATABASE_URL or EmbeddedServer(VAR).url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Operations open their own transactions, so that no bank, mail or PDF ever waits inside one.
ATOMIC_REQUESTS = False

INSTALLED_APPS = [
    "obole.ui",
    "obole.trail",
    "obole.directory",
    "obole.regies",
    "obole.mailing",
    "obole.catalogue",
    "obole.dossiers",
    "obole.billing",
    "obole.payments",
    "obole.reminders",
    "obole.portal",
    "obole.crm",
    "obole.api",
    "obole.cli",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "obole.ui.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "obole.ui.middleware.PrivatePages",
]

ROOT_URLCONF = "obole.config.urls"
WSGI_APPLICATION = "obole.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "obole.directory.context.authority",
            ],
            "builtins": ["obole.ui.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "obole.ui.forms.Renderer"
DJANGO_TABLES2_TEMPLATE = "ui/table.html"

# People and passwords.
AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:after_login"
ACCOUNT_LOGOUT_REDIRECT_URL = "portal:home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "obole.portal.forms.SignupDetails"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "obole.portal.accounts.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"

# Language, time, money.
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

# Static files: ours, and Bootstrap's from its wheel. Nothing is loaded from another site.
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [("bootstrap", str(bootstrap_wrapper.get_bootstrap_dir()))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(VAR / "files")}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Headers.
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "obole.ui.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        # Bootstrap draws its arrows and ticks with data: images.
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # The pay button answers with a redirection to the bank, which « form-action » would forbid.
    }
}

# Mail: kept in the outbox and readable in the CRM; delivered only where OBOLE_SMTP_URL says.
SMTP_URL = env.text(
    "OBOLE_SMTP_URL",
    "",
    "smtp://utilisateur:motdepasse@hôte:port, smtps://… ou smtp+tls://… ; vide : les courriels sont conservés, pas envoyés.",
)
_smtp = urlsplit(SMTP_URL)
EMAIL_HOST = _smtp.hostname or ""
EMAIL_PORT = _smtp.port or 25
EMAIL_HOST_USER = unquote(_smtp.username or "")
EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
EMAIL_USE_SSL = _smtp.scheme == "smtps"
EMAIL_USE_TLS = _smtp.scheme == "smtp+tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("OBOLE_MAIL_FROM", "ne-pas-repondre@localhost", "Adresse d’expédition des courriels.")

DEMO = env.flag("OBOLE_DEMO", False, "Dire que c’est une démonstration, et montrer ses comptes à la connexion.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "obole.lib.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.text("OBOLE_LOG_LEVEL", "WARNING", "DEBUG, INFO, WARNING ou ERROR.")},
}

# What `obole settings` prints.
DOCUMENTED_SETTINGS = tuple(env.KNOWN.values())
