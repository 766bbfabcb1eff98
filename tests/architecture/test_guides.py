"""Each guide says who may do which step, and says what the roles say."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from accounts.roles import ROLES

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [path.name for path in sorted((ROOT / "docs/guides").glob("*.md")) if path.name != "README.md"]
_STEP = re.compile(
    r"^\| (?P<step>[^|]+) \| `(?P<permission>[a-z_]+\.[a-z_]+)` \| (?P<roles>[a-z, ]+) \|$", re.MULTILINE
)
_ROW = re.compile(r"^\| (?!step \||---)[^|]+ \| (?P<permission>[^|]+) \| [^|]+ \|$", re.MULTILINE)
_IN_A_SENTENCE = re.compile(r"`(?P<permission>[a-z_]+\.[a-z_]+)` \((?P<roles>[a-z, ]+)\)")


def permissions() -> set[str]:
    return {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in (
            *(f"{verb}_{model._meta.model_name}" for verb in model._meta.default_permissions),
            *(codename for codename, _ in model._meta.permissions),
        )
    }


def steps(text: str) -> list[tuple[str, str]]:
    """Permission and roles, of tables and of sentences."""
    found = [*_STEP.finditer(text), *_IN_A_SENTENCE.finditer(text)]
    return [(match["permission"], match["roles"]) for match in found]


def roles_with(permission: str) -> str:
    return ", ".join(name for name, role in ROLES.items() if role.may(permission))


def wrong_steps(text: str) -> dict[str, str]:
    """Permissions that there are not, and those that other roles have than is said."""
    known = permissions()
    return {
        permission: f"says {roles}; roles that have it: {roles_with(permission)}"
        for permission, roles in steps(text)
        if permission not in known or roles != roles_with(permission)
    }


def faults(text: str) -> Iterator[str]:
    _, heading, table = text.partition("\n## Who may do what\n")
    named = _ROW.findall(table)
    if not (heading and named):
        yield "There is no section 'Who may do what', or no step in it."
    if len(named) - named.count("-") != len(_STEP.findall(table)):
        yield "A row of the table cannot be read."
    yield from (f"{permission} {fault}" for permission, fault in wrong_steps(text).items())


def test_a_guide_says_who_may_do_what():
    texts = {guide: (ROOT / "docs/guides" / guide).read_text(encoding="utf-8") for guide in GUIDES}
    assert {guide: wrong for guide, text in texts.items() if (wrong := [*faults(text)])} == {}


def test_a_guide_without_steps_is_seen():
    assert [*faults("# A guide")] == ["There is no section 'Who may do what', or no step in it."]
    row = "\n## Who may do what\n\n| Decide | `grants.approve_grant` | Ops! |\n"
    assert [*faults(row)] == ["A row of the table cannot be read."]


def test_a_wrong_role_is_seen():
    assert wrong_steps("Needs `grants.approve_grant` (manager, admin).") == {}
    assert wrong_steps("| Decide | `grants.approve_grant` | ops, admin |").keys() == {"grants.approve_grant"}
    assert wrong_steps("Needs `grants.bless_grant` (admin).").keys() == {"grants.bless_grant"}
