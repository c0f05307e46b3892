"""One file of settings for every place. Each read of the environment goes through ``env``."""

import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import bootstrap_wrapper
from csp.constants import NONCE, NONE, SELF

from obole.config import env
from obole.config.identities import OPENID_ORIGINS, OPENID_PROVIDERS as OPENID_PROVIDERS
from obole.config.secret_files import get_or_create_secret

PACKAGE = Path(__file__).resolve().parent.parent
VAR = Path(env.text("OBOLE_VAR", "var", "Dossier de ce que cette installation garde : fichiers, secret."))

DEBUG = False
BASE_URL = env.text("OBOLE_BASE_URL", "http://localhost:8000", "Adresse publique du portail, sans barre finale.")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.text(
    "OBOLE_HOSTS", "localhost 127.0.0.1 [::1]", "Noms d’hôte auxquels le portail répond, séparés par des espaces."
).split()
CSRF_TRUSTED_ORIGINS = [BASE_URL]
PROXIES = env.networks(
    "OBOLE_PROXIES",
    "127.0.0.1 ::1",
    "Adresses ou réseaux des serveurs mandataires placés devant Obole, séparés par des espaces : eux seuls sont crus"
    " quand ils disent l’adresse d’un visiteur et s’il est venu par https.",
)


def _secret_key() -> str:
    """Return the configured secret, or one made at the first start and kept in the folder of state."""
    given = env.text(
        "OBOLE_SECRET_KEY",
        "",
        "Secret qui signe les sessions et les liens ; fabriqué au premier démarrage s’il est vide.",
    )
    return given or get_or_create_secret(VAR / "secret", lambda: secrets.token_urlsafe(64))


SECRET_KEY = _secret_key()


DATABASE_SCHEMES = frozenset({"postgresql", "postgres"})


def _database(url: str) -> dict[str, object]:
    """
    Translate postgresql://user:password@host:port/name?host=/socket/folder.

    :raises obole.config.env.BadSetting: for any other database: without row locks, two payments may meet unseen.
    """
    if not url:
        return {"ENGINE": "obole.config.unset_database"}
    parts = urlsplit(url)
    if parts.scheme not in DATABASE_SCHEMES:
        raise env.BadSetting(
            f"OBOLE_DATABASE_URL={parts.scheme}://…: only PostgreSQL keeps the books: give postgresql://…"
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    # Nobody waits for a row longer than a person for a page: who is refused has changed nothing, and asks again.
    bounds = f"-c lock_timeout={LOCK_SECONDS}s -c statement_timeout={STATEMENT_SECONDS}s"
    query["options"] = f"{query.get('options', '')} {bounds}".strip()
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


DATABASE_POOL = env.integer("OBOLE_DATABASE_POOL", 16, "Nombre de connexions à la base qu’un processus garde au plus.")
LOCK_SECONDS = env.integer(
    "OBOLE_DATABASE_LOCK_SECONDS",
    10,
    "Secondes d’attente au plus d’une ligne qu’un autre tient ; au-delà, la page répond 503 et la tâche recommence."
    " 0 : sans limite.",
)
STATEMENT_SECONDS = env.integer(
    "OBOLE_DATABASE_STATEMENT_SECONDS",
    0,
    "Secondes que dure au plus une instruction de la base ; 0 : sans limite. `obole serve` en donne 60 à ses pages.",
)
THREADS_AT_THE_BANK = env.integer(
    "OBOLE_BANK_THREADS",
    2,
    "Pages qui attendent la banque en même temps, par processus web ; les autres fils servent le reste du portail.",
)
DATABASE_URL = env.text("OBOLE_DATABASE_URL", "", "Adresse postgresql:// de la base ; sans elle, rien ne démarre.")
DATABASES = {"default": _database(DATABASE_URL)}
# Shared by every process: what the libraries count and remember (tries, codes that were used).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "limits_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Operations open their own transactions, so that no bank, mail or PDF ever waits inside one.
ATOMIC_REQUESTS = False

INSTALLED_APPS = [
    "obole.ui",
    "obole.limits",
    "obole.audit_log",
    "obole.directory",
    "obole.regies",
    "obole.mailing",
    "obole.api_keys",
    "obole.catalogue",
    "obole.dossiers",
    "obole.billing",
    "obole.payments",
    "obole.remittances",
    "obole.consumption",
    "obole.campaigns",
    "obole.cash_desk",
    "obole.bank_statements",
    "obole.books",
    "obole.recovery",
    "obole.reminders",
    "obole.bulk_actions",
    "obole.personal_data",
    "obole.accounts",
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
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "obole.ui.middleware.DeclaredProxies",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "obole.ui.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "obole.ui.bodies.BoundedBodies",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "obole.portal.agent_sessions.AgentSessions",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "obole.ui.middleware.PrivatePages",
    "obole.ui.middleware.ReadableAddresses",
    "obole.limits.middleware.TooManyRequests",
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

# A message may hold a name: it is kept with the session, not in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# People and passwords.
AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# What an older version kept is kept anew, by the first of these, at its owner's next sign-in.
PASSWORD_HASHERS = ["obole.directory.passwords.PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "obole.directory.passwords.GuessedFirstValidator"},
    {"NAME": "obole.directory.passwords.LeakedValidator"},
]
LEAKED_PASSWORDS = env.text(
    "OBOLE_LEAKED_PASSWORDS",
    "",
    "Fichier des mots de passe divulgués qui sont refusés : une empreinte SHA-1 par ligne, en ordre croissant ; vide :"
    " aucun.",
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:after_login"
ACCOUNT_LOGOUT_REDIRECT_URL = "portal:home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "obole.portal.forms.SignupDetails"
ACCOUNT_FORMS = {
    "request_login_code": "obole.portal.account_forms.RequestCodeForm",
    "signup": "obole.portal.account_forms.SignupForm",
    "add_email": "obole.portal.account_forms.ChangeAddressForm",
    "reset_password_from_key": "obole.portal.account_forms.NewPasswordForm",
}
# An address gives nothing before a code sent to it was typed; an account has one address at a time.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
# An address that is known answers like one that is not: a mail tells its owner, the screen tells nobody.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# Ours count those (portal/sign_in.py, limits/), since the library's close the door to an account and to a whole town.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    ["login", "login_failed", "signup", "reset_password", "reset_password_from_key", "request_login_code"]
)
# The library counts nothing under this name any more but the tries of a second factor.
ACCOUNT_RATE_LIMITS["login_failed"] = "10/10m/key"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "obole.portal.accounts.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"

# Second factors.
REQUIRE_MFA = env.flag(
    "OBOLE_REQUIRE_MFA",
    True,
    "Exiger une seconde preuve (clé d’accès ou application) des agents qui touchent à l’argent ou aux réglages.",
)

SECOND_FACTOR_URL = "portal:security"
MFA_ADAPTER = "obole.portal.second_factors.SecondFactorAdapter"
_FORMS = "obole.portal.second_factor_forms"
MFA_FORMS = {
    "authenticate": f"{_FORMS}.JournaledAuthenticateForm",
    "reauthenticate": f"{_FORMS}.JournaledReauthenticateForm",
    "authenticate_webauthn": f"{_FORMS}.JournaledKeyForm",
    "reauthenticate_webauthn": f"{_FORMS}.JournaledKeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A code serves in its own half minute: a used one is remembered no longer than that.
MFA_TOTP_TOLERANCE = 0
# Browsers know no passkey without https but on « localhost »: there, no origin is wrong.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Language, time, money.
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Static files: ours, and Bootstrap's from its wheel. Nothing is loaded from another site.
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [("bootstrap", str(bootstrap_wrapper.get_bootstrap_dir()))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(VAR / "files")}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# The store is read by the account that runs Obole, and by no other of the machine.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
CLAMD = env.scanner(
    "OBOLE_CLAMD",
    "",
    "Antivirus qui contrôle les pièces jointes, par le protocole de clamd : tcp://hôte:3310 ou"
    " unix:///run/clamav/clamd.ctl ; vide : aucun contrôle.",
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Headers.
SECURE_SSL_REDIRECT = HTTPS
# Machines follow no redirection, and what they would send again has been sent in clear already.
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^paiements/[a-z_]+/notification$", r"^api/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# They bind every other site of the town's domain, for years: only where the operator asks.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag(
    "OBOLE_HSTS_SUBDOMAINS", False, "Impose https à tous les sous-domaines de l’adresse du portail, pour un an."
)
SECURE_HSTS_PRELOAD = env.flag(
    "OBOLE_HSTS_PRELOAD", False, "Demande l’inscription de ce domaine dans les navigateurs, avec ses sous-domaines."
)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
if HTTPS:
    # Neither another site of the domain, nor a page that came without encryption, can write them.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
HEALTH_TOKEN = env.text(
    "OBOLE_HEALTH_TOKEN",
    "",
    "Secret de la supervision, envoyé par « Authorization: Bearer … » : /health lui donne le détail, qui n’est sinon"
    " donné qu’à la machine elle-même.",
)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "obole.ui.errors.csrf_failure"
BANK_ORIGINS = env.origins(
    "OBOLE_BANKS",
    "https://www.payfip.gouv.fr https://www.tipi.budget.gouv.fr",
    "Adresses des banques qu’une régie peut utiliser et où un payeur peut être envoyé : https://hôte, séparées par des"
    " espaces.",
)
TRAINING = env.flag(
    "OBOLE_TRAINING", False, "Installation de formation : propose la banque « Bac à sable », qui n’encaisse rien."
)
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
        # The pay button answers with a redirection to the bank, and signing out to the provider of an identity:
        # browsers follow them only where a form may lead.
        "form-action": [SELF, *BANK_ORIGINS, *OPENID_ORIGINS],
    }
}

# Mail: kept in the outbox and readable in the CRM; delivered only where OBOLE_SMTP_URL says.
SMTP_URL = env.text(
    "OBOLE_SMTP_URL",
    "",
    "smtp://utilisateur:motdepasse@hôte:port, smtps://… ou smtp+tls://… ; vide : ils sont conservés, pas envoyés.",
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
MAIL_RETURN_TO = env.text("OBOLE_MAIL_RETURN_TO", "", "Où revient ce qui n’est pas remis ; vide : à l’expéditeur.")
BOUNCES_IMAP_URL = env.mailbox(
    "OBOLE_BOUNCES_IMAP_URL", "", "Boîte des retours : imaps://nom:motdepasse@hôte/INBOX, imap+tls://… ; vide : aucune."
)
MAIL_PACES = env.paces("OBOLE_MAIL_PACES", "", "Domaines à ménager, en courriels par minute : orange.fr=120 sfr.fr=60.")
SMS_URL = env.sms_service("OBOLE_SMS_URL", "", "Où déposer les SMS : file:///dossier ; vide : conservés, pas envoyés.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "obole.lib.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.text("OBOLE_LOG_LEVEL", "WARNING", "DEBUG, INFO, WARNING ou ERROR.")},
}

PROCRASTINATE_ON_APP_READY = "obole.lib.queue.keep_jobs"

# What `obole settings` prints.
DOCUMENTED_SETTINGS = tuple(env.KNOWN.values())
