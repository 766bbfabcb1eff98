"""How people get in and how long they stay in: passwords and sessions."""

from datetime import timedelta

from config import env

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.validators.RepetitionValidator"},
    {"NAME": "accounts.validators.ContextValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
]

PASSWORDS = env.flag("MUSTER_PASSWORDS", True, "0 to switch passwords off")
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
