"""What a pack must say to be taken, where a refusal points, and that writing and reading it again changes nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import yaml

from readiness.demand.jurisdiction.core.pack import dump, load, load_files
from tests.readiness.demand.jurisdiction.small_pack import pack, rule, small
from web.versioned.core.documents import DocumentError, written


def changed(path: str, value: Any) -> dict[str, Any]:
    """The small pack with one field another; `rules.0.effect` names the first rule's."""
    definition = small()
    target: Any = definition
    *steps, last = path.split(".")
    for step in steps:
        target = target[int(step) if step.isdecimal() else step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return definition


REFUSED = [
    pytest.param("rules.0.citation", None, "rules[inside].citation", "is missing", id="no-citation"),
    pytest.param("rules.0.citation.url", "", "rules[inside].citation.url", "empty", id="no-source"),
    pytest.param(
        "rules.0.citation.url", "javascript:x", "rules[inside].citation.url", "https", id="no-address"
    ),
    pytest.param(
        "rules.0.citation.url", "https://[", "rules[inside].citation.url", "https", id="broken-address"
    ),
    pytest.param("rules.0.effect", "maybe", "rules[inside].effect", "not one of", id="unknown-effect"),
    pytest.param("rules.0.places", ["XX"], "rules[inside].places", "neither", id="unknown-country"),
    pytest.param("rules.0.places", ["eea"], "rules[inside].places", "neither", id="unknown-group"),
    pytest.param(
        "rules.0.categories", ["art"], "rules[inside].categories", "no category", id="unknown-category"
    ),
    pytest.param("rules.0.categories", [], "rules[inside].categories", "not be empty", id="no-category"),
    pytest.param(
        "rules.0.bases", ["contract"], "rules[inside].bases", "names none", id="allowed-with-a-basis"
    ),
    pytest.param("rules.1.bases", [], "rules[outside].bases", "at least one", id="needs-no-basis"),
    pytest.param(
        "rules.1.bases", ["luck"], "rules[outside].bases", "not one of the bases", id="unknown-basis"
    ),
    pytest.param(
        "rules.0.in_force_until", "2018-05-24", "rules[inside].in_force_until", "before", id="ends-first"
    ),
    pytest.param("rules.0.in_force_from", "soon", "rules[inside].in_force_from", "a date", id="no-date"),
    pytest.param(
        "rules.3.instead_of", ["outside"], "rules[hosting].instead_of", "forbids", id="forbids-instead"
    ),
    pytest.param(
        "rules.2.instead_of",
        ["hosting"],
        "rules[adequate].instead_of",
        "cannot be replaced",
        id="instead-of-ban",
    ),
    pytest.param(
        "rules.2.instead_of", ["other"], "rules[adequate].instead_of", "no other", id="instead-of-none"
    ),
    pytest.param(
        "rules.2.instead_of",
        ["operator-inside"],
        "rules[adequate].instead_of",
        "other kind",
        id="other-kind",
    ),
    pytest.param(
        "rules.1.instead_of",
        ["adequate"],
        "rules[outside].instead_of",
        "replaces this rule",
        id="in-a-circle",
    ),
    pytest.param("rules.0.colour", "red", "rules[inside].colour", "unknown key", id="unknown-key"),
    pytest.param("rules.1.id", "inside", "rules[inside]", "twice", id="id-twice"),
    pytest.param("rules.0.id", "In Side", "rules[In Side].id", "small letters", id="id-with-spaces"),
    pytest.param("groups.0.id", "any", "groups[any].id", "already means", id="group-called-any"),
    pytest.param(
        "groups.0.members.0.country", "EU", "groups[eu].members[0].country", "not a country", id="no-country"
    ),
    pytest.param(
        "groups.0.members.0.since", None, "groups[eu].members[0].since", "is missing", id="member-undated"
    ),
    pytest.param(
        "groups.0.members.2.until", "1970-01-01", "groups[eu].members[2].until", "before", id="left-first"
    ),
    pytest.param(
        "categories.1.implies", ["x"], "categories[health].implies", "no category", id="implies-nothing"
    ),
    pytest.param("check_again_days", 0, "check_again_days", "1 or more", id="checked-for-no-time"),
    pytest.param("version", "../1", "version", "letters", id="version-is-a-path"),
]


@pytest.mark.parametrize(("path", "value", "where", "why"), REFUSED)
def test_what_does_not_hold_together_is_refused_by_field(path: str, value: Any, where: str, why: str) -> None:
    with pytest.raises(DocumentError) as refused:
        load(changed(path, value))
    assert refused.value.path.startswith(where)
    assert why in refused.value.message


def test_a_refusal_names_the_line() -> None:
    text = yaml.safe_dump(changed("rules.2.effect", "maybe"), sort_keys=False)
    with pytest.raises(DocumentError) as refused:
        load_files({"pack.yaml": text})
    assert (refused.value.file, refused.value.path) == ("pack.yaml", "rules[adequate].effect")
    assert text.splitlines()[refused.value.line - 1].strip() == "effect: maybe"


def test_a_country_that_yaml_takes_for_false_is_named_by_its_line() -> None:
    with pytest.raises(DocumentError, match="got False"):
        load_files({"pack.yaml": dump(pack()).replace("country: DE", "country: NO")})


def test_written_and_read_again_it_says_the_same() -> None:
    shown = pack(
        rule("undated", "forbidden", in_force_from=None, checked_on=None, note="Odd, but so", sector="x")
    )
    again = load_files({"pack.yaml": dump(shown)})
    assert again == shown
    assert again.content_digest == shown.content_digest
    assert written(again) == written(shown)


def test_the_digest_is_of_what_is_said_not_of_its_name() -> None:
    shown = pack()
    assert dataclasses.replace(shown, version="other").content_digest == shown.content_digest
    assert dataclasses.replace(shown, check_again_days=30).content_digest != shown.content_digest
