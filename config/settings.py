"""Every setting of Muster. Those that an operator may change are read from the environment and listed in README.md.

Settings of how people get in and stay in are in `config/sign_in.py`.
"""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import browser, env, logs, rest, schedule
from config.celery import app as celery_app  # noqa: F401  (shared tasks go by it)
from config.databases import DATABASE_REPLICA_LAG_S, DATABASE_REPLICA_URL, DATABASES  # noqa: F401
from config.sign_in import (  # noqa: F401  (Django reads them here)
    AUTH_PASSWORD_VALIDATORS,
    BREACHED_PASSWORDS,
    CONFIRM_EVERY,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    OIDC_GROUPS_CLAIM,
    OIDC_ISSUER,
    OIDC_LASTS,
    OIDC_NAME,
    OIDC_SCOPES,
    PASSWORD_HASHERS,
    PASSWORDS,
    SECOND_FACTOR_ROLES,
    SESSION_IDLE,
    SESSION_LIFETIME,
)
from config.telemetry_store import TELEMETRY_STORE, TELEMETRY_STORE_WAITING_BYTES  # noqa: F401
from stack.backups import archive, catalogue

BASE_DIR = Path(__file__).resolve().parent.parent

# --- where things run -------------------------------------------------------------------------------------------------
DATA_DIR = Path(
    env.text("MUSTER_DATA_DIR", str(BASE_DIR / "var"), "the folder for the embedded parts' data and logs")
)
DEBUG = env.flag("MUSTER_DEBUG", False, "1 to show tracebacks on error pages; never in production")
SECRET_KEY = env.text(
    "MUSTER_SECRET_KEY",
    None,
    "the key that signs sessions; `make run` keeps one in its data folder",
)
SECRET_KEY_FALLBACKS = env.words(
    "MUSTER_SECRET_KEY_FALLBACKS",
    [],
    "comma-separated keys that signed sessions before, while those may last",
)
ALLOWED_HOSTS = env.words("MUSTER_ALLOWED_HOSTS", ["*"], "comma-separated host names that Muster answers to")
CSRF_TRUSTED_ORIGINS = env.words(
    "MUSTER_TRUSTED_ORIGINS", [], "comma-separated origins (https://…) behind a proxy"
)
BEHIND_HTTPS = env.flag("MUSTER_HTTPS", False, "1 when a proxy in front serves Muster over HTTPS only")
# Used by config/asgi.py. Anybody can send these headers, so only those from trusted proxies count.
TRUSTED_PROXIES = env.networks(
    "MUSTER_TRUSTED_PROXIES",
    "addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto count, comma-separated",
)
HOST = env.text("MUSTER_HOST", "127.0.0.1", "the address that `make run` listens on")
PORT = env.integer(
    "MUSTER_PORT", 8000, "the port that `make run` listens on; the next free one when it is taken"
)
DEMO = env.flag("MUSTER_DEMO", True, "0 to start empty, without the demo fleet and its sender")
DEMO_SCALE = env.integer("MUSTER_DEMO_SCALE", 1, "how many times the demo fleet's devices are multiplied")

WEB_THREADS = env.integer(
    "MUSTER_WEB_THREADS", 12, "pages that one web process makes at a time, each with a database connection"
)
BODY_BYTES = env.integer(
    "MUSTER_BODY_BYTES", 16 * 1024 * 1024, "largest body of a form, a file or a call that is accepted"
)
ANSWER_BYTES = env.integer("MUSTER_ANSWER_BYTES", 512 * 1024 * 1024, "largest file that is made for a reader")
DISK_RESERVE_MB = env.integer(
    "MUSTER_DISK_RESERVE_MB", 200, "MB free on the data folder's disk below which samples are refused (429)"
)
BASE_URL = env.text(
    "MUSTER_BASE_URL", "", "the address that people use, https://muster.example.com, for links in answers"
).rstrip("/")
REDIS_URL = env.text("REDIS_URL", None, "the Redis address, redis://host:6379/0 or unix:///path.sock?db=0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "muster",
        # Muster works without a cache that does not answer.
        "OPTIONS": {
            "serializer": "web.valkey.JsonValues",
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
        },
    }
}

# --- applications: upper floors first ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "readiness.demo",
    "readiness.tradeoffs",
    "readiness.assessment.standards",
    "readiness.assessment.grants",
    "readiness.assessment.scoring",
    "readiness.golive",
    "readiness.boards",
    *(
        f"readiness.loop.{room}"
        for room in ("lessons", "incidents", "findings", "actions", "alerts", "problems")
    ),
    "readiness.assessment.evidence",
    "readiness.assessment.duties",
    "readiness.organisation.ownership",
    "readiness.organisation.people",
    "readiness.demand.jurisdiction",
    "readiness.demand.workloads",
    "readiness.assessment.framework",
    "telemetry",
    "inventory",
    "web",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    # For its table, which dumps of earlier releases have; nobody reads it: sessions are rows of accounts.Session.
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
]
MIDDLEWARE = [
    "web.middleware.RequestIdMiddleware",
    "web.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "web.middleware.RefusalMiddleware",
    # Below WhiteNoise, whose files are already compressed. It pads each answer, so that its length reveals no token.
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "web.accounts.sessions.SessionTimeMiddleware",
    "web.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "web.middleware.ActorMiddleware",
    "web.security_log.middleware.SecurityLogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.middleware.MethodMiddleware",
    "web.middleware.BadValueMiddleware",
    "web.saved_views.middleware.SavedViewMiddleware",
]
if DATABASE_REPLICA_URL:
    # Innermost: all others read and write the primary.
    MIDDLEWARE.append("web.database_replica.reading.ReplicaMiddleware")
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
FORM_RENDERER = "web.fields.Renderer"
TEMPLATES = [
    {
        "BACKEND": "web.templates.PageTemplates",
        "NAME": "django",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.context.page",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and permissions -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.ScopedBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "accounts.sessions"

# --- browser security -------------------------------------------------------------------------------------------------
SECURE_CSP = browser.CONTENT_POLICY
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(SESSION_IDLE.total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
if BEHIND_HTTPS:
    if not TRUSTED_PROXIES:
        raise ImproperlyConfigured(
            "MUSTER_HTTPS=1 needs MUSTER_TRUSTED_PROXIES: without it Muster cannot know which requests came by HTTPS."
        )
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())

# --- language, time, files --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "staticfiles"
# Hashed names need collectstatic; tests and debugging serve straight from the folders.
HASHED_STATIC = env.flag("MUSTER_HASHED_STATIC", not DEBUG, "0 to serve static files without hashed names")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "web.storage.BundledStaticFilesStorage"
        if HASHED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Source maps are read by developers only, and compressing them would take most of collectstatic's time.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "jpg", "gz", "br", "woff", "woff2", "map"]
# Files are never requested by their plain names, and compressing those too would double the time.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# Names with a hash of Django's or of the bundler's: browsers keep these for good.
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.(?:[0-9a-f]{12}|[0-9A-Z]{8})\.\w+$"
WHITENOISE_USE_FINDERS = not HASHED_STATIC
MEDIA_ROOT = DATA_DIR / "media"

# --- telemetry --------------------------------------------------------------------------------------------------------
TELEMETRY_RAW_HOURS = env.integer("MUSTER_TELEMETRY_RAW_HOURS", 48, "hours that raw samples are kept")
TELEMETRY_5M_DAYS = env.integer("MUSTER_TELEMETRY_5M_DAYS", 40, "days that 5-minute roll-ups are kept")
TELEMETRY_1H_DAYS = env.integer(
    "MUSTER_TELEMETRY_1H_DAYS", 761, "days that hourly roll-ups are kept (25 months)"
)
SCORE_INPUTS_DAYS = env.integer(
    "MUSTER_SCORE_INPUTS_DAYS", 761, "days that the inputs of a day's score are kept (25 months)"
)
METRICS_SITES = env.integer(
    "MUSTER_METRICS_SITES",
    200,
    "sites, and sources, that have figures of their own at /metrics, the first by name; 0 for none",
)
TELEMETRY_FUTURE_S = env.integer(
    "MUSTER_TELEMETRY_FUTURE_S", 600, "seconds a sample may lie in the future before it is refused"
)
TELEMETRY_BODY_BYTES = env.integer(
    "MUSTER_TELEMETRY_BODY_BYTES", 16 * 1024 * 1024, "largest body accepted, as sent"
)
TELEMETRY_DECODED_BYTES = env.integer(
    "MUSTER_TELEMETRY_DECODED_BYTES", 64 * 1024 * 1024, "largest body accepted, decompressed"
)
TELEMETRY_INBOX_BATCHES = env.integer(
    "MUSTER_TELEMETRY_INBOX_BATCHES", 20_000, "batches waiting before senders are told to slow down (429)"
)
TELEMETRY_INBOX_BYTES = env.integer(
    "MUSTER_TELEMETRY_INBOX_BYTES", 1024**3, "bytes waiting before senders are told to slow down (429)"
)
TELEMETRY_NEW_SERIES = env.integer(
    "MUSTER_TELEMETRY_NEW_SERIES", 10_000, "new series that a source may bring in five minutes"
)
TELEMETRY_SERIES = env.integer(
    "MUSTER_TELEMETRY_SERIES",
    200_000,
    "series that a source may have, those ended by a stale marker left out",
)
TELEMETRY_LIVE_S = env.integer(
    "MUSTER_TELEMETRY_LIVE_S",
    300,
    "least seconds for which a sample counts as live; 3 x cadence when that is longer",
)
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_BYTES

# --- calendars --------------------------------------------------------------------------------------------------------
CALENDAR_HOSTS = [
    host.lower()
    for host in env.words(
        "MUSTER_CALENDAR_HOSTS",
        [],
        "comma-separated hosts (with a port other than the usual one) whose calendars of who is on call are read",
    )
]

# --- messages that leave Muster ---------------------------------------------------------------------------------------
DELIVERY_KEYS = env.keys(
    "MUSTER_DELIVERY_KEY",
    "the key that encrypts the secrets of channels, of 32 characters or more; several, comma-separated, while one"
    " replaces another: the first encrypts; `make run` keeps one in its data folder",
)
DELIVERY_HOSTS = [
    host.lower()
    for host in env.words(
        "MUSTER_DELIVERY_HOSTS",
        [],
        "comma-separated hosts (with a port other than the usual one) that messages may be sent to although they are"
        " inside the network or speak plain http",
    )
]
DELIVERY_CA = env.certificates(
    "MUSTER_DELIVERY_CA", "a file of certificates (PEM) that prove receivers, beside those of the system"
)
MAIL_HOST = env.text("MUSTER_MAIL_HOST", "", "the server that takes mail; without one Muster sends none")
MAIL_FROM = env.text("MUSTER_MAIL_FROM", "Muster <muster@localhost>", "the sender of mail")
MAIL_TLS = env.one_of(
    "MUSTER_MAIL_TLS",
    "starttls",
    ("starttls", "tls", "none"),
    "how mail is encrypted on its way to the server: starttls, tls (from the beginning, mostly at port 465) or none",
)
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": MAIL_HOST,
            "port": env.integer("MUSTER_MAIL_PORT", 587, "the port of the mail server"),
            "username": env.text("MUSTER_MAIL_USER", "", "the user name at the mail server"),
            "password": env.text("MUSTER_MAIL_PASSWORD", "", "the password at the mail server"),
            "use_tls": MAIL_TLS == "starttls",
            "use_ssl": MAIL_TLS == "tls",
            "timeout": 15,
        },
    }
}

# --- REST -------------------------------------------------------------------------------------------------------------
API_CALLS_PER_MINUTE = env.integer(
    "MUSTER_API_CALLS_PER_MINUTE", 600, "calls of the API that one token may make in a minute; 0 for no limit"
)
REST_FRAMEWORK, SPECTACULAR_SETTINGS = rest.FRAMEWORK, rest.SCHEMA

# --- history: who did what, seen by triggers so that bulk writes are in it too ----------------------------------------
HISTORY_DAYS = env.integer(
    "MUSTER_HISTORY_DAYS", 1826, "days that the history is kept, in whole months (5 years)"
)
SECURITY_LOG_DAYS = env.integer("MUSTER_SECURITY_LOG_DAYS", 1826, "days the security log is kept", least=1)
SECURITY_LOG_DIR = logs.heads_folder(DATA_DIR)
SECURITY_LOG_SYSLOG, SECURITY_LOG_SYSLOG_CA, SECURITY_LOG_SYSLOG_CLOSE_NOTIFY = logs.syslog_receiver()
SECURITY_LOG_WEBHOOK, SECURITY_LOG_WEBHOOK_SECRETS = logs.webhook_receiver(syslog=SECURITY_LOG_SYSLOG)
# Triggers follow from the models: they are installed after each migration (web/audit/triggers.py), not by one.
PGTRIGGER_MIGRATIONS = False

# --- backups (stack/backups/ writes them) -----------------------------------------------------------------------------
BACKUP_DIR = Path(
    env.text("MUSTER_BACKUP_DIR", str(DATA_DIR / "backups"), "the folder that backups are written to")
)
BACKUP_HOURS = env.integer(
    "MUSTER_BACKUP_HOURS", catalogue.EVERY_HOURS, "hours between two backups; 0 for none"
)
BACKUP_KEEP = env.integer("MUSTER_BACKUP_KEEP", catalogue.KEEP, "backups that are kept, the newest ones")
BACKUP_LOG_MINUTES = env.integer(
    "MUSTER_BACKUP_LOG_MINUTES",
    archive.EVERY_MINUTES,
    "minutes between two pieces of the log of changes, by which any instant can be restored; 0 for none",
)
env.text(
    "MUSTER_BACKUP_PASSPHRASE",
    "",
    "the passphrase of `make backup` and `make restore`, where nobody can type it",
)

# --- deliveries -------------------------------------------------------------------------------------------------------
DELIVERY_DAYS = env.integer("MUSTER_DELIVERY_DAYS", 90, "days that messages are kept after they were sent")

# --- second persons ---------------------------------------------------------------------------------------------------
STRICT_SECOND_PERSON = env.flag(
    "MUSTER_STRICT_SECOND_PERSON",
    False,
    "1 to refuse approvals between accounts of which one made the other within 30 days",
)

# --- workers ----------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.broker(REDIS_URL)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = schedule.DEFAULT_QUEUE
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# After a quiet minute or two a process is replaced by a small one, whatever it did before.
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50
# KiB. What a large task took is given back right after it; a process that rolls up and scores has some 180,000.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Connections are kept for CONN_MAX_AGE (config/celery.py drops broken ones): a new one costs more than a small drain.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = schedule.ROUTES
CELERY_BEAT_SCHEDULE = schedule.ENTRIES
JOBS = schedule.JOBS

LOGGING = logs.configuration(
    env.text("MUSTER_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR"),
    env.one_of("MUSTER_LOG_FORMAT", logs.LINE, logs.FORMS, "how a line of the log looks: line or json"),
)

env.refuse_misspelt()
