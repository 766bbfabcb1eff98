"""Dataclasses as documents: what annotations ask for, where a refusal points, and that writing is the inverse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field, ValidationInfo, model_validator, with_config

from web.versioned.core.comparing import fields_changed, items_changed
from web.versioned.core.documents import (
    CLOSED,
    Day,
    DocumentError,
    Flag,
    Integer,
    Items,
    Line,
    Number,
    Some,
    Text,
    Whole,
    Word,
    Words,
    digest,
    mapping_of,
    matches,
    read,
    refusal,
    written,
)
from web.versioned.core.files import located, parse


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def listed_bead(name: str, info: ValidationInfo[Whole]) -> str:
    if name and name not in info.context.ids("beads"):
        raise ValueError(f"there is no bead {name}")
    return name


@with_config(CLOSED)
@dataclass(frozen=True, kw_only=True)
class Bead:
    id: Annotated[Text, matches("[a-z]+", "small letters")]
    colours: Some[Words[Colour]]
    weight_g: Number | None = field(default=None, metadata={"alias": "weight"})
    beside: Annotated[Line, AfterValidator(listed_bead)] = ""
    words: tuple[Word, ...] = ()


@with_config(CLOSED)
@dataclass(frozen=True, kw_only=True)
class Chain:
    name: Annotated[Text, Field(max_length=10)]
    made_on: Day | None = None
    count: Annotated[Integer, Field(ge=1, le=9)] = 1
    is_closed: Flag = False
    sides: Annotated[int, Field(strict=False), AfterValidator(abs)] = 2
    beads: Some[Items[Bead]]

    @model_validator(mode="after")
    def refuse_short(self) -> "Chain":
        if self.is_closed and len(self.beads) < 2:
            raise refusal("takes two beads", "is_closed")
        return self


@written.register(Chain)
def write_chain(chain: Chain) -> Mapping[str, Any]:
    return mapping_of(chain, sides=str(chain.sides))


def plain(**changes):
    beads = [
        {"id": "a", "colours": ["red"], "weight": 1.5, "words": ["one", "two"]},
        {"id": "b", "colours": ["blue", "red"], "beside": "a"},
    ]
    chain = {"name": "Chain", "made_on": "2026-11-25", "is_closed": True, "beads": beads}
    return chain | changes


def bead(**changes):
    return plain(beads=[plain()["beads"][0], {**plain()["beads"][1], **changes}])


def test_a_document_is_written_as_it_was_read():
    chain = read(Chain, plain())
    assert chain.beads[1].colours == frozenset(Colour)
    assert (chain.made_on, chain.sides, chain.beads[0].weight_g) == (date(2026, 11, 25), 2, 1.5)
    assert written(chain) == plain(sides="2", count=1)
    assert read(Chain, written(chain)) == chain


REFUSED = {
    "a list": ([], "", "expected a mapping, got a list"),
    "nothing": ({}, "name", "is missing"),
    "an unknown key": (plain(colour="red"), "colour", "unknown key; known here: beads, count"),
    "a number for a text": (plain(name=3), "name", "expected text, got 3"),
    "an empty text": (plain(name="  "), "name", "must not be empty"),
    "a long text": (plain(name="x" * 11), "name", "has 11 characters; 10 is the most"),
    "a character that cannot be stored": (plain(name="\x00"), "name", "no database keeps"),
    "no such day": (plain(made_on="2026-02-30"), "made_on", "expected a date such as"),
    "true for a number": (plain(count=True), "count", "expected a whole number, got True"),
    "a number out of range": (plain(count=10), "count", "must be 9 or less"),
    "a word for a flag": (plain(is_closed="yes"), "is_closed", "expected true or false"),
    "no list": (plain(beads={}), "beads", "expected a list, got a mapping"),
    "an empty list": (plain(beads=[]), "beads", "must not be empty"),
    "an item that is none": (plain(beads=["a"]), "beads[0]", "expected a mapping"),
    "an id twice": (bead(id="a", beside=""), "beads[a]", "id is used twice"),
    "another id": (bead(id="B"), "beads[B].id", "small letters"),
    "an unknown word": (bead(colours=["green"]), "beads[b].colours", "'green' is not one of red, blue"),
    "a word twice": (bead(colours=["red", "red"]), "beads[b].colours", "names a word twice"),
    "an infinite number": (bead(weight=float("inf")), "beads[b].weight", "must be finite"),
    "a huge number": (bead(weight=1e16), "beads[b].weight", "must be 1e+15 or less"),
    "a list with a number": (bead(words=["x", 3]), "beads[b].words", "expected text, got 3"),
    "a reference to nothing": (bead(beside="c"), "beads[b].beside", "there is no bead c"),
    "what only the class knows": (plain(beads=plain()["beads"][:1]), "is_closed", "takes two beads"),
}


@pytest.mark.parametrize(("data", "path", "message"), REFUSED.values(), ids=list(REFUSED))
def test_a_refusal_names_the_field(data, path, message):
    with pytest.raises(DocumentError) as refused:
        read(Chain, data)
    assert refused.value.path == path
    assert message in refused.value.message


def test_all_wrong_fields_are_named_once():
    wrong = plain(name="", beads=[{"id": "a", "colours": ["green", "grey"], "size": 3}, {"id": "b"}])
    with pytest.raises(DocumentError) as refused:
        read(Chain, wrong)
    errors = (refused.value, *refused.value.others)
    assert {each.path: each.message for each in errors} == {
        "name": "must not be empty",
        "beads[a].colours": "'green' is not one of red, blue",
        "beads[a].size": "unknown key; known here: beside, colours, id, weight, words",
        "beads[b].colours": "is missing",
    }


def test_a_refusal_of_a_file_names_the_line():
    text = "name: Chain\nbeads:\n- id: a\n  colours: [red]\n- id: b\n  colours: [green]\n"
    with pytest.raises(DocumentError) as refused:
        located(lambda texts: read(Chain, parse(texts["x.yaml"], "x.yaml")), {"x.yaml": text})
    assert (refused.value.file, refused.value.line) == ("x.yaml", 6)


def test_the_digest_is_of_the_content():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1})


def test_items_that_came_went_moved_and_changed_are_told():
    def beads(*pairs):
        return [read(Bead, {"id": name, "colours": [colour]}) for name, colour in pairs]

    changes = items_changed(
        "bead",
        beads(("a", "red"), ("b", "red"), ("c", "red")),
        beads(("b", "blue"), ("a", "red"), ("d", "red")),
        lambda each: {"colour": min(each.colours)},
    )
    assert [change.text for change in changes] == [
        "bead b: colour red → blue",
        "bead d: added",
        "bead c: removed",
        "bead: order a, b → b, a",
    ]
    assert [change.text for change in fields_changed("", {"x": ""}, {"x": "1"})] == ["x none → 1"]
