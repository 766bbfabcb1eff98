"""Names say what they hold: no variable is a bare participle or adverb, no function begins with a preposition or a
pronoun, and no function or class has a name that says nothing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_class_names import PRODUCT, ROOT

BARE = {
    *(
        "asked",
        "chosen",
        "given",
        "held",
        "kept",
        "known",
        "made",
        "named",
        "said",
        "shown",
        "there",
        "wanted",
    ),
}
PREPOSITIONS = {
    *(
        "about",
        "after",
        "as",
        "at",
        "before",
        "between",
        "by",
        "for",
        "from",
        "in",
        "into",
        "of",
        "on",
        "over",
    ),
    *("to", "under", "with", "within", "without"),
}
PRONOUNS = {"his", "its", "that", "their", "this"}
SAY_NOTHING = BARE | {
    *("SiteThings", "_Said", "_answer", "_given", "_row", "_rows", "hear_site", "look", "standing", "tell"),
}
GIVEN_BY_LIBRARIES = {
    *("on_body", "on_header", "on_headers_complete", "on_message_begin", "on_message_complete"),
    *("to_internal_value", "to_representation"),
}
# These limits only fall: whoever gives names in a folder lowers them. The aim is less than 100 in all.
MOST = {"variable": 11, "function": 2, "empty name": 0}

type Finding = tuple[str, int, str]


def kinds(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each kind of poor name in a node, with the name."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in BARE:
            yield "variable", name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name not in GIVEN_BY_LIBRARIES:
            if name.lstrip("_").partition("_")[0] in PREPOSITIONS | PRONOUNS:
                yield "function", name
            if name in SAY_NOTHING:
                yield "empty name", name
        case ast.ClassDef(name=name) if name in SAY_NOTHING:
            yield "empty name", name


def poor_names(tops: tuple[str, ...] = PRODUCT, root: Path = ROOT) -> dict[str, list[Finding]]:
    """File, line and name of each, by kind."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for top in tops:
        for path in sorted((root / top).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for kind, name in kinds(node):
                    findings[kind].append((str(path.relative_to(root)), getattr(node, "lineno", 0), name))
    return findings


def test_names_say_what_they_hold():
    findings = poor_names()
    reports = [
        f"{len(findings[kind])} of kind {kind}, at most {most}:\n"
        + "\n".join(f"  {path}:{line} {name}" for path, line, name in sorted(findings[kind]))
        for kind, most in MOST.items()
        if len(findings[kind]) > most
    ]
    assert not reports, "\n".join(reports)


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("known = 1", ("variable", 1, "known")),
        ("(known, value) = pair", ("variable", 1, "known")),
        ("def find(*, asked): ...", ("variable", 1, "asked")),
        ("\nboth = lambda shown: shown", ("variable", 2, "shown")),
        ("names = [said for said in texts]", ("variable", 1, "said")),
        ("class Fields:\n    kept: bytes", ("variable", 2, "kept")),
        ("def _of_site(): ...", ("function", 1, "_of_site")),
        ("async def its_kw(): ...", ("function", 1, "its_kw")),
        ("class Site:\n    def as_row(self): ...", ("function", 2, "as_row")),
        ("def _row(): ...", ("empty name", 1, "_row")),
        ("def known(): ...", ("empty name", 1, "known")),
        ("class SiteThings: ...", ("empty name", 1, "SiteThings")),
    ],
)
def test_a_poor_name_is_seen(source: str, finding: tuple[str, int, str], tmp_path: Path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "module.py").write_text(source, encoding="utf-8")
    kind, line, name = finding
    assert poor_names(("web",), tmp_path) == {kind: [("web/module.py", line, name)]}


@pytest.mark.parametrize(
    "source",
    [
        "known_series = rows[kept]",
        "def row_of(site): ...",
        "def assets(): ...",
        "def it_kw(): ...",
        "def to_representation(value): ...",
        "answer = Form(asked=1).asked",
    ],
)
def test_a_good_name_is_left_alone(source: str, tmp_path: Path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "module.py").write_text(source, encoding="utf-8")
    assert poor_names(("web",), tmp_path) == {}
