"""The log: what is in it, and how a line looks."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from logging import Formatter, LogRecord
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env

LINE, JSON = "line", "json"
FORMS = (LINE, JSON)


class JsonFormatter(Formatter):
    """One JSON object in a line, with the request and the account that asked."""

    def format(self, record: LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": getattr(record, "request_id", "-"),
            "user": getattr(record, "user_id", None),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def _refused_in_a_line(record: LogRecord) -> bool:
    """A refused request is not an error of Muster: keep the line, but drop the traceback."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True


def configuration(level: str, form: str) -> dict[str, Any]:
    """Return Django's LOGGING; `level` is that of Muster's own lines, `form` one of FORMS."""
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
        "formatters": {
            LINE: {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
            JSON: {"()": JsonFormatter},
        },
        "handlers": {
            "nowhere": {"class": "logging.NullHandler"},
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
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
            # It has a form of its own for lines.
            **({"uvicorn": {"handlers": ["console"], "propagate": False}} if form == JSON else {}),
        },
        "root": {"handlers": ["console"], "level": level},
    }


def syslog_receiver() -> tuple[str, str, bool]:
    """Return where the security log is streamed to, by TLS (RFC 5425) or by TCP alone (RFC 6587), the file of
    certificates that prove it, and whether it says close_notify; "" for nowhere and for those of the system."""
    receiver = env.receiver(
        "MUSTER_SECURITY_LOG_SYSLOG",
        {"tls": 6514, "tcp": 601},
        "the syslog receiver of the security log, as tls://host:6514 or tcp://host:601",
    )
    authorities = env.text(
        "MUSTER_SECURITY_LOG_SYSLOG_CA",
        "",
        "a file of certificates (PEM) that prove the syslog receiver, in place of those of the system",
    )
    says_close_notify = env.flag(
        "MUSTER_SECURITY_LOG_SYSLOG_CLOSE_NOTIFY",
        True,
        "0 if the syslog receiver closes connections of TLS without close_notify",
    )
    return receiver, authorities, says_close_notify


def webhook_receiver(*, syslog: str) -> tuple[str, list[str]]:
    """Return the address that takes the security log as signed JSON, and the keys that sign it; "" for nowhere.

    `syslog` is the syslog receiver: the log is streamed to one receiver.
    """
    url = env.address(
        "MUSTER_SECURITY_LOG_WEBHOOK",
        "the address that takes the security log as signed JSON, https://host/path",
    )
    secret = "MUSTER_SECURITY_LOG_WEBHOOK_SECRET"
    keys = env.words(
        secret,
        [],
        "the key that signs this JSON (whsec_…); two, comma-separated, while one replaces the other",
    )
    if url and syslog:
        raise ImproperlyConfigured(
            "Set MUSTER_SECURITY_LOG_SYSLOG or MUSTER_SECURITY_LOG_WEBHOOK: the log is streamed to one receiver."
        )
    if bool(url) != bool(keys) or not all(map(_can_sign, keys)):
        raise ImproperlyConfigured(
            f"MUSTER_SECURITY_LOG_WEBHOOK needs {secret}, and that the address: whsec_ and then 24 bytes or more in"
            " base64. `openssl rand -base64 32` makes them."
        )
    return url, keys


def _can_sign(key: str) -> bool:
    try:
        return len(b64decode(key.removeprefix("whsec_"), validate=True)) >= 24
    except ValueError:
        return False


def heads_folder(data_dir: Path) -> Path | None:
    """Return where heads of the security log are kept outside the database; None if the worker's log alone has them."""
    folder = env.text(
        "MUSTER_SECURITY_LOG_DIR",
        str(data_dir / "security-log"),
        "the folder for the heads of the security log; none if only the worker's log has them",
    )
    return None if folder == "none" else Path(folder)
