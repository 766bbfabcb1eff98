"""Sections of everybody's settings that apps above add, apart from the page: the worker starts all apps and no page."""

ADDED_SECTIONS: dict[str, str] = {}
"""Labels by url name."""


def add_section(url_name: str, label: str) -> None:
    """Add a section to everybody's settings, at a page of an app above."""
    ADDED_SECTIONS[url_name] = label
