"""Sections of everybody's settings that apps above add, apart from the page: the worker starts all apps and no page."""

from typing import Any, NamedTuple


class AddedSection(NamedTuple):
    """`permission` is what a user needs to be offered the section, "" for everybody."""

    label: str
    permission: str


_sections: dict[str, AddedSection] = {}


def add_section(url_name: str, label: str, permission: str = "") -> None:
    """Add a section to the settings of everybody with the permission, at a page of an app above."""
    _sections[url_name] = AddedSection(label, permission)


def added_sections(user: Any) -> list[tuple[str, str]]:
    """Url names and labels of those that this user is offered."""
    return [
        (url_name, section.label)
        for url_name, section in _sections.items()
        if not section.permission or user.has_perm(section.permission)
    ]
