"""Sections of everybody's settings, which apps add to: the worker starts all apps, so this loads no page."""

from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.urls import reverse

if TYPE_CHECKING:
    from web.requests import UserRequest


class AddedSection(NamedTuple):
    """`permission` is what a user needs to be offered the section, "" for everybody."""

    label: str
    permission: str


_added: dict[str, AddedSection] = {}


def add_section(url_name: str, label: str, permission: str = "") -> None:
    """Add a section to the settings of everybody with the permission, at a page of another app or folder."""
    _added[url_name] = AddedSection(label, permission)


def settings_tabs(request: "UserRequest", current: str) -> list[dict[str, Any]]:
    """The settings sections that this person may open."""
    sections = [
        ("settings", "Display and tokens"),
        ("access", "What you may do"),
        ("sessions", "Sessions"),
        ("second-factor", "Second factor"),
    ]
    if settings.PASSWORDS:
        sections.append(("password-change", "Password"))
    sections += [
        (url_name, section.label)
        for url_name, section in _added.items()
        if not section.permission or request.user.has_perm(section.permission)
    ]
    if request.user.has_perm("accounts.view_user"):
        sections.append(("users", "Users"))
    return [{"label": label, "url": reverse(name), "current": name == current} for name, label in sections]
