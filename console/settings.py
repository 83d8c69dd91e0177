"""Django settings: everything that may differ between installations comes from the environment."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from host.buckets import BucketError, read_bucket
from host.keys import read_or_make
from host.paths import Home

django_stubs_ext.monkeypatch()  # lets Django's generic classes take their parameters at run time

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

HOME = Home(
    root=Path(env.str("HEADWATER_HOME", default=str(BASE_DIR / "var"))).absolute(),
    engine_trees=Path(env.str("HEADWATER_ENGINES")).absolute() if env.str("HEADWATER_ENGINES", default="") else None,
)

# --- the address of the console -------------------------------------------------------------------
CONSOLE_BIND = env.str("HEADWATER_BIND", default="127.0.0.1")
CONSOLE_PORT = env.int("HEADWATER_PORT", default=8000)
CONSOLE_URL = env.str("HEADWATER_URL", default=f"http://localhost:{CONSOLE_PORT}").rstrip("/")
BEHIND_TLS = CONSOLE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("HEADWATER_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
_host = CONSOLE_URL.split("://", 1)[1].split("/")[0].rsplit(":", 1)[0]
if _host not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_host)
CSRF_TRUSTED_ORIGINS = [CONSOLE_URL]
USE_X_FORWARDED_HOST = False
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Which hop's address is the person's: 0 = nothing in front of the console, n = n trusted reverse proxies.
TRUSTED_PROXIES = env.int("HEADWATER_TRUSTED_PROXIES", default=0)

# --- the address of the data stores ---------------------------------------------------------------
EDGE_HOST = env.str("HEADWATER_EDGE_HOST", default="localhost")
EDGE_BIND = env.list("HEADWATER_EDGE_BIND", default=["127.0.0.1", "::1"])
EDGE_FIRST_PORT = env.int("HEADWATER_EDGE_FIRST_PORT", default=21000)
EDGE_SLOTS = env.int("HEADWATER_EDGE_SLOTS", default=500)
NODE_FIRST_PORT = env.int("HEADWATER_NODE_FIRST_PORT", default=23000)
# Initialised data directories kept ready per engine; 0 turns the warm pool off.
WARM_POOL_SIZE = env.int("HEADWATER_WARM_POOL", default=2)
# How many backups and proofs run at once; 0 takes none by itself.
BACKUPS_AT_ONCE = env.int("HEADWATER_BACKUPS_AT_ONCE", default=2)
# Where archives that begin from now on are kept: a bucket of S3-compatible storage, or (None) the archive directory.
try:
    ARCHIVE_BUCKET = read_bucket(environ.Env.ENVIRON)
except BucketError as error:
    raise ImproperlyConfigured(str(error)) from None
# "development" keeps buffers small so that a laptop runs many stores; "full" gives each plan its memory.
LOCAL_SIZING = env.str("HEADWATER_SIZING", default="development")

# --- connections -----------------------------------------------------------------------------------
# What the variables of a connection begin with: CHOREO_ORDERS_HOSTNAME.
VARIABLE_PREFIX = env.str("HEADWATER_VARIABLE_PREFIX", default="CHOREO")
# A rotated login is retired when nobody was logged in with it for so long.
ROTATION_QUIET_SECONDS = env.float("HEADWATER_ROTATION_QUIET_SECONDS", default=60.0)

# --- keys -----------------------------------------------------------------------------------------
DEBUG = env.bool("HEADWATER_DEBUG", default=False)
SECRET_KEY = env.str("HEADWATER_SECRET_KEY", default="")
if not SECRET_KEY:
    SECRET_KEY = (
        read_or_make(HOME.secrets / "django.key", lambda: secrets.token_urlsafe(64))
        if HOME.secrets.is_dir()
        else secrets.token_urlsafe(64)  # nothing is served before `up` has made the directory
    )
# What Prometheus shows in order to read /metrics.
METRICS_TOKEN = env.str("HEADWATER_METRICS_TOKEN", default="")
if not METRICS_TOKEN and HOME.secrets.is_dir():
    METRICS_TOKEN = read_or_make(HOME.secrets / "metrics.token", lambda: secrets.token_urlsafe(32))
ENCRYPTION_KEY_FILE = HOME.secrets / "fields.keys"

# --- database, broker, cache ----------------------------------------------------------------------
OWN_DATABASE = not env.str("DATABASE_URL", default="")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "headwater",
        "USER": "headwater",
        "HOST": str(HOME.run / "console-db"),
        "PORT": "5432",
    }
    if OWN_DATABASE
    else env.db_url("DATABASE_URL"),
}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
OWN_BROKER = not env.str("REDIS_URL", default="")
_broker_socket = HOME.run / "broker.sock"
REDIS_URL = env.str("REDIS_URL", default=f"unix://{_broker_socket}?db=1")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CELERY_BROKER_URL = f"redis+socket://{_broker_socket}?virtual_host=0" if OWN_BROKER else REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_ACKS_LATE = False  # the row is the memory: a lost message is rung again by beat
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 1_000_000  # a connection per task would cost more than the task; console.celery checks it
CELERY_BEAT_SCHEDULE = {
    "ring-due-operations": {"task": "datastores.ring_due", "schedule": 3.0, "options": {"expires": 5}},
    "keep-ready": {"task": "datastores.keep_ready", "schedule": 15.0, "options": {"expires": 15}},
    "watch": {"task": "datastores.watch", "schedule": 15.0, "options": {"expires": 15}},
    "walk-trials": {"task": "datastores.walk_trials", "schedule": 60.0, "options": {"expires": 60}},
    "deliver": {"task": "console.deliver", "schedule": 5.0, "options": {"expires": 5}},
    "monthly-drills": {
        "task": "datastores.monthly_drills",
        "schedule": crontab(minute="*/10"),  # datastores.drill_schedule counts in the same ticks
        "options": {"expires": 540},
    },
    "back-up-console": {"task": "console.back_up", "schedule": 3600.0, "options": {"expires": 3600}},
    "keep-archives": {"task": "datastores.keep_archives", "schedule": 50.0, "options": {"expires": 50}},
    "back-up-due": {"task": "datastores.back_up_due", "schedule": 20.0, "options": {"expires": 20}},
    "check-logins": {"task": "marketplace.check_logins", "schedule": 60.0, "options": {"expires": 60}},
    "watch-rotations": {"task": "marketplace.watch_rotations", "schedule": 10.0, "options": {"expires": 10}},
    "renew-certificates": {"task": "datastores.renew_certificates", "schedule": 3600.0, "options": {"expires": 3600}},
}
# The tier of organizations that people create: "free" makes trials until an operator upgrades it, or "paid".
NEW_ORGANIZATION_TIER = env.str("HEADWATER_NEW_ORGANIZATIONS", default="free")
if NEW_ORGANIZATION_TIER not in {"free", "paid"}:
    raise ImproperlyConfigured("HEADWATER_NEW_ORGANIZATIONS must be free or paid.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "console.apps.ConsoleConfig",
    "datastores.apps.DatastoresConfig",
    "marketplace.apps.MarketplaceConfig",
    "console.apps.OperatorSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "template_partials",
    "lucide",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "console.middleware.MemberMiddleware",
    "console.devices.DeviceMiddleware",
    "console.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "console.urls"
PAGE_URLS = ["datastores.urls", "marketplace.urls"]  # the addresses of the applications above the console
WSGI_APPLICATION = "console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.context.shell",
            ],
        },
    },
]

# --- people ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "console.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
MAIL_CONFIGURED = bool(env.str("EMAIL_URL", default=""))
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("HEADWATER_MAIL_FROM", default="headwater@localhost")
# Networks beside the internet that webhooks may reach, such as 10.0.0.0/8: none unless operators name them.
WEBHOOK_NETWORKS = env.list("HEADWATER_WEBHOOK_NETWORKS", default=[])
ACCOUNT_ADAPTER = "console.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL_CONFIGURED else "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Headwater: "
ACCOUNT_SIGNUP_REDIRECT_URL = "overview"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "console.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Headwater"
MFA_TOTP_TOLERANCE = 1  # periods of 30 s, for clocks that differ
MFA_ALLOW_UNVERIFIED_EMAIL = not MAIL_CONFIGURED  # without mail no address is ever confirmed
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BEHIND_TLS  # browsers themselves allow only localhost then
OPERATORS_NEED_SECOND_FACTOR = env.bool("HEADWATER_OPERATOR_SECOND_FACTOR", default=True)

# --- sign-in by OpenID Connect, where operators name a provider -------------------------------------
OIDC_ISSUER = env.str("HEADWATER_OIDC_ISSUER", default="").rstrip("/")
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": []}}
if OIDC_ISSUER:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"].append(
        {
            "provider_id": "oidc",
            "name": env.str("HEADWATER_OIDC_NAME", default="single sign-on"),
            "client_id": env.str("HEADWATER_OIDC_CLIENT_ID"),
            "secret": env.str("HEADWATER_OIDC_CLIENT_SECRET"),
            "settings": {"server_url": OIDC_ISSUER},
        }
    )
# The provider vouches for an address that it calls verified; allauth takes no other for a sign-in.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# Where the provider's sign-in page has another address than its issuer, operators name that one, too.
OIDC_ORIGINS = [
    "://".join(urlsplit(url)[:2]) for url in (OIDC_ISSUER, *env.list("HEADWATER_OIDC_SIGN_IN_URLS", default=[])) if url
]

# --- security -------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF, *OIDC_ORIGINS],
        "frame-ancestors": [NONE],
    },
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_NAME = "headwater_session"
CSRF_COOKIE_NAME = "headwater_csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

# --- language, time, files ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = HOME.console / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str(
            "HEADWATER_STATIC_STORAGE", default="whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "console.logging.JSONFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("HEADWATER_LOG_LEVEL", default="INFO")},
}
