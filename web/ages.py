"""Ages that keep counting in the browser: `static/js/ages.js` updates each `<time data-age>`."""

from datetime import UTC, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from web.units import age, duration, instant


def ago(at: datetime | None, *, now: datetime) -> SafeString | str:
    return age(at, now=now) if at is None else _counting(at, age(at, now=now), "ago")


def old(at: datetime | None, seconds: float | None) -> SafeString | str:
    """The age of something taken at `at`, after `seconds`: "3 min"; empty without a time."""
    return "" if at is None or seconds is None else _counting(at, duration(seconds), "span")


def _counting(at: datetime, text: str, form: str) -> SafeString:
    utc = at.astimezone(UTC)
    return format_html(
        '<time class="nowrap" data-age="{}" datetime="{}" title="{}">{}</time>',
        form,
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        instant(at),
        text,
    )
