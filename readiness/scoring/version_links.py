"""Where a version of the framework is shown, and what differs between two."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from readiness.scoring.cards import link


def version_url(version_id: int) -> str:
    """Its page; its history where there is none."""
    return _reversed("framework-version", version_id) or link("history", model="framework.frameworkversion")


def difference_url(before_id: int, after_id: int) -> str:
    """What differs between two; "" where no page tells."""
    page = _reversed("framework-difference", before_id)
    return f"{page}?to={after_id}" if page else ""


def _reversed(name: str, version_id: int) -> str:
    try:
        return reverse(name, args=[version_id])
    except NoReverseMatch:
        return ""
