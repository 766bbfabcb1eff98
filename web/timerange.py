"""The page's time range: `start` and `end` in the URL, relative (`now-7d`), ISO 8601 or epoch milliseconds."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from web.parameters import BadParameter
from web.units import instant

_RELATIVE = re.compile(r"^now(?:-(\d{1,5})([smhdw]))?$")
_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=3660)

PRESETS = (
    ("now-1h", "Last hour"),
    ("now-6h", "Last 6 hours"),
    ("now-24h", "Last 24 hours"),
    ("now-7d", "Last 7 days"),
    ("now-30d", "Last 30 days"),
    ("now-365d", "Last 12 months"),
)


class BadTimeRangeError(BadParameter):
    """A range that cannot be read."""


def parse_instant(text: str, *, now: datetime, zone: tzinfo, field: str = "start") -> datetime:
    """One end of a range. A time without an offset is in `zone`, the reader's own."""
    text = text.strip()
    if match := _RELATIVE.match(text):
        amount, unit = match.groups()
        return now - timedelta(**{_SPANS[unit]: int(amount)}) if amount else now
    if re.fullmatch(r"\d{10,14}", text):
        instant = datetime.fromtimestamp(int(text) / 1000, tz=UTC)
    else:
        instant = _parse_iso(text, zone, field)
    if not _EARLIEST <= instant <= now + _LONGEST:
        raise BadTimeRangeError(field, "is outside the years that Muster supports")
    return instant


def _parse_iso(text: str, zone: tzinfo, field: str) -> datetime:
    try:
        # In a query string "+" means a space; an offset written with it arrives that way.
        parsed = parse_datetime(re.sub(r" (\d\d:\d\d)$", r"+\1", text) if "T" in text else text)
    except ValueError:
        parsed = None
    if parsed is None:
        raise BadTimeRangeError(field, "is neither now-7d, an ISO 8601 time nor milliseconds")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


@dataclass(frozen=True)
class TimeRange:
    """From `start` to `end`; `start_text` and `end_text` are as in the URL, so that relative ranges stay relative."""

    start: datetime
    end: datetime
    start_text: str
    end_text: str
    path: str
    other: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, request: HttpRequest, *, now: datetime, default: str = "now-24h") -> "TimeRange":
        zone = timezone.get_current_timezone()
        start_text = request.GET.get("start") or default
        end_text = request.GET.get("end") or "now"
        start = parse_instant(start_text, now=now, zone=zone, field="start")
        end = parse_instant(end_text, now=now, zone=zone, field="end")
        if end <= start:
            raise BadTimeRangeError("end", "must come after start")
        if end - start > _LONGEST:
            raise BadTimeRangeError("start", "the range may span ten years at most")
        other = tuple(
            (name, value)
            for name, values in request.GET.lists()
            if name not in {"start", "end"}
            for value in values
        )
        return cls(start, end, start_text, end_text, request.path, other)

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()

    @property
    def query(self) -> dict[str, str]:
        return {"start": self.start_text, "end": self.end_text}

    @property
    def label(self) -> str:
        if self.end_text == "now":
            for text, label in PRESETS:
                if text == self.start_text:
                    return str(label)
        return " – ".join(map(instant, (self.start, self.end)))

    def title(self, what: str) -> str:
        return f"{what}, {self.label[:1].lower()}{self.label[1:]}"

    @property
    def context(self) -> dict[str, object]:
        zone = timezone.get_current_timezone()
        presets = [
            {
                "label": label,
                "value": text,
                "url": f"{self.path}?{urlencode([*self.other, ('start', text), ('end', 'now')])}",
                "current": text == self.start_text and self.end_text == "now",
            }
            for text, label in PRESETS
        ]
        return {
            "label": self.label,
            "zone": str(zone),
            "start": self.start,
            "end": self.end,
            "start_ms": int(self.start.timestamp() * 1000),
            "end_ms": int(self.end.timestamp() * 1000),
            "presets": presets,
            "hidden": list(self.other),
            "local_start": self.start.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
            "local_end": self.end.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        }
