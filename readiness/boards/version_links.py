"""Where a version of the framework is shown, and what differs between two."""

from __future__ import annotations

from django.urls import reverse


def version_url(version_id: int) -> str:
    return reverse("framework-version", args=[version_id])


def difference_url(before_id: int, after_id: int) -> str:
    return f"{reverse('framework-difference', args=[before_id])}?to={after_id}"
