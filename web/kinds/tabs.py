"""Pages of a room that stand beside each other as tabs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from web.visibility import reader

type TabPages = Mapping[str, tuple[str, Sequence[str]]]
"""Label and permissions of each page, by its url name."""


def page_tabs(pages: TabPages, current: str) -> list[dict[str, Any]]:
    """Return the pages that the reader may see, with the current one marked."""
    by = reader()
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, (label, permissions) in pages.items()
        if not permissions or (by is not None and by.has_perms(permissions))
    ]
