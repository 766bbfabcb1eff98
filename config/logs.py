"""The log: what is in it, and how a line looks."""

from logging import LogRecord
from typing import Any


def _refused_in_a_line(record: LogRecord) -> bool:
    """A refused request is not an error of Muster: keep the line, but drop the traceback."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True


def configuration(level: str) -> dict[str, Any]:
    """Return Django's LOGGING; `level` is that of Muster's own lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "web.request_ids.RequestIdFilter"},
            # One line says that the database is unavailable (web/serving/pulse.py), instead of one for each request.
            "no_refusals": {
                "()": "django.utils.log.CallbackFilter",
                "callback": lambda record: record.exc_info or getattr(record, "status_code", 0) != 503,
            },
            "short": {"()": "django.utils.log.CallbackFilter", "callback": _refused_in_a_line},
        },
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
        "handlers": {
            "nowhere": {"class": "logging.NullHandler"},
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["request_id", "no_refusals", "short"],
            },
        },
        # A line for each of 155 triggers after every migration is noise.
        "loggers": {
            "pgtrigger": {"level": "WARNING"},
            # Their lines for debugging hold whole addresses, in which there may be a secret.
            "urllib3": {"level": "INFO"},
            # What it says is in the answer of the attempt.
            "apprise": {"level": "WARNING", "handlers": ["nowhere"], "propagate": False},
        },
        "root": {
            "handlers": ["console"],
            "level": level,
        },
    }
