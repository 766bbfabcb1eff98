"""How people get in and how long they stay in: passwords, sessions, second factors, the provider."""

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from accounts.breached import refuse_other_files
from config import env

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.validators.RepetitionValidator"},
    {"NAME": "accounts.validators.ContextValidator"},
    {"NAME": "accounts.validators.BreachedValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
]

PASSWORDS = env.flag("MUSTER_PASSWORDS", True, "0 to switch passwords off")
BREACHED_PASSWORDS = env.file(
    "MUSTER_BREACHED_PASSWORDS",
    refuse_other_files,
    "the path of a list of breached passwords, as SHA-1 digests sorted by digest",
)
# With less than one, everybody would be signed out at once, or asked again and again.
SESSION_IDLE = timedelta(
    hours=env.integer("MUSTER_SESSION_IDLE_HOURS", 24, "hours a session lasts unused", least=1)
)
SESSION_LIFETIME = timedelta(
    days=env.integer("MUSTER_SESSION_DAYS", 14, "days a session lasts in all", least=1)
)
CONFIRM_EVERY = timedelta(
    minutes=env.integer("MUSTER_CONFIRM_MINUTES", 30, "minutes a sign-in proves", least=1)
)

SECOND_FACTOR_ROLES = env.words(
    "MUSTER_SECOND_FACTOR_ROLES",
    [],
    "comma-separated roles, such as admin,manager, that need a second factor within 14 days",
)

OIDC_ISSUER = env.text(
    "MUSTER_OIDC_ISSUER", "", "the address of an OpenID Connect provider that people sign in by"
).rstrip("/")
OIDC_CLIENT_ID = env.text("MUSTER_OIDC_CLIENT_ID", "", "the name of this installation at the provider")
OIDC_CLIENT_SECRET = env.text(
    "MUSTER_OIDC_CLIENT_SECRET", "", "the secret of this installation at the provider"
)
OIDC_NAME = env.text("MUSTER_OIDC_NAME", "single sign-on", "what people call the provider")
OIDC_SCOPES = env.text(
    "MUSTER_OIDC_SCOPES", "openid profile email", "what Muster asks the provider for, with spaces between"
)
OIDC_GROUPS_CLAIM = env.text("MUSTER_OIDC_GROUPS_CLAIM", "groups", "the claim that holds the groups")
OIDC_LASTS = timedelta(
    hours=env.integer(
        "MUSTER_OIDC_HOURS",
        168,
        "hours after the last sign-in by the provider after which role, sessions and tokens end",
        least=1,
    )
)
if OIDC_ISSUER and not OIDC_ISSUER.startswith(("https://", "http://")):
    raise ImproperlyConfigured("MUSTER_OIDC_ISSUER is no address: it begins with https://.")
if OIDC_ISSUER and not OIDC_CLIENT_ID:
    raise ImproperlyConfigured("MUSTER_OIDC_ISSUER needs MUSTER_OIDC_CLIENT_ID.")
