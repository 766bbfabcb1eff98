"""Messages of syslog (RFC 5424), and their frames for a stream (RFC 6587, RFC 5425: octet counting)."""

import re
from datetime import UTC, datetime
from enum import IntEnum

FACILITY = 13
"""\"Log audit\", by table 1 of RFC 5424."""
_NOT_PRINTABLE = re.compile(r"[^!-~]")


class SyslogSeverity(IntEnum):
    """Table 2 of RFC 5424 has these numbers."""

    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6


def syslog_frame(*, at: datetime, host: str, kind: str, severity: SyslogSeverity, content: str) -> bytes:
    """`kind` is what receivers filter by (MSGID); `content` is ASCII. The text has no byte order mark, then."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    name, message_id = _header_name(host, 255), _header_name(kind, 32)
    message = f"<{FACILITY * 8 + severity}>1 {stamp} {name} muster - {message_id} - {content}".encode("ascii")
    return b"%d %s" % (len(message), message)


def _header_name(text: str, longest: int) -> str:
    """Printable ASCII without spaces; "-" stands for none."""
    return _NOT_PRINTABLE.sub("", text)[:longest] or "-"
