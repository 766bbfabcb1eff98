"""The address of the page of cover by shift: how many days, and which shift is opened."""

from collections.abc import Mapping
from datetime import date

from readiness.boards.cover.core import Half
from readiness.organisation.people.core.cover import COVER_DAYS
from web.timerange import BadParameter

DAYS, DEFAULT_DAYS = {7: "7 days", 14: "14 days", 28: "28 days", 60: "60 days"}, 14


def days_of(parameters: Mapping[str, str]) -> int:
    text = parameters.get("days", "") or str(DEFAULT_DAYS)
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= COVER_DAYS):
        raise BadParameter("days", f"is a whole number from 1 to {COVER_DAYS}")
    return int(text)


def shift_key(slug: str, domain: str, half: Half) -> str:
    return f"{slug}.{domain}.{half.key}"


def shift_named(key: str) -> tuple[str, str, Half] | None:
    """Slug, domain, and day or night, as in porto.network.2026-12-02-night; None for anything else."""
    slug, _dot, rest = key.partition(".")
    domain, _dot, text = rest.partition(".")
    day, dash, name = text.rpartition("-")
    try:
        half = Half(date.fromisoformat(day), name == "night")
    except ValueError:
        return None
    return (slug, domain, half) if dash and name in ("day", "night") else None
