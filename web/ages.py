"""Ages that count on in the browser: `static/js/ages.js` rewrites each `<time data-age>` as time goes by."""

from datetime import UTC, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from web.units import age, duration, instant


def ago(at: datetime | None, *, now: datetime) -> SafeString | str:
    return age(at, now=now) if at is None else _counting(at, age(at, now=now), "ago")


def old(at: datetime | None, seconds: float | None) -> SafeString | str:
    """How old what was taken at `at` is now, `seconds` later: "3 min"; empty where nothing was."""
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
