"""Decision records are numbered without a gap, listed in one index, and every reference to one leads there."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "docs" / "adr"
PRODUCT = (
    "accounts",
    "agent",
    "benchmarks",
    "config",
    "inventory",
    "readiness",
    "release",
    "stack",
    "telemetry",
    "web",
)
_REFERENCE = re.compile(r"(?:\[ADR (?P<said>\d+)\]\((?:[\w./]*/)?|adr/)(?P<file>\d{4}-[a-z0-9-]+\.md)")
_BARE_NUMBER = re.compile(r"(?<!\[)\bADR \d+")


def records() -> list[Path]:
    return sorted(RECORDS.glob("[0-9]*.md"))


def number_of(path: Path) -> int:
    return int(path.name[:4])


def index_row(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    heading = re.match(r"# (?P<number>\d+)\. (?P<title>.+)", text)
    status = re.search(r"^\*\*Status:\*\* (?P<status>.+)$", text, re.MULTILINE)
    assert heading is not None, f"{path.name} does not begin with '# <number>. <title>'"
    assert status is not None, f"{path.name} has no line '**Status:** …'"
    status_text = status["status"].rstrip(".")
    return f"| [{heading['number']}]({path.name}) | {heading['title']} | {status_text} |"


def texts() -> Iterator[tuple[str, str]]:
    paths = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
    paths += [path for top in PRODUCT for path in (ROOT / top).rglob("*.py")]
    for path in paths:
        if path.is_file():
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def references_to_nowhere(text: str) -> list[str]:
    """References whose file does not exist, or whose number is not that of the file."""
    return [
        reference[0]
        for reference in _REFERENCE.finditer(text)
        if not (RECORDS / reference["file"]).is_file()
        or (reference["said"] and int(reference["said"]) != int(reference["file"][:4]))
    ]


def test_numbers_have_no_gap():
    assert len(records()) > 40
    assert [number_of(path) for path in records()] == list(range(1, len(records()) + 1))


def test_every_record_says_when_and_what():
    for path in records():
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {number_of(path)}. "), path.name
        assert "**Status:**" in text, path.name
        assert "**Decision.**" in text, path.name


def test_the_index_lists_every_record_with_its_status():
    index = (RECORDS / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in index if line.startswith("| [")] == [index_row(path) for path in records()]


def test_every_reference_leads_to_its_record():
    assert {name: wrong for name, text in texts() if (wrong := references_to_nowhere(text))} == {}


def test_a_reference_is_a_link_and_no_bare_number():
    assert {name: numbers for name, text in texts() if (numbers := _BARE_NUMBER.findall(text))} == {}


def test_a_replaced_record_and_its_successor_name_each_other():
    """A record whose status says that another replaces it is named in that other's status, and the other way."""
    linked = {
        (number_of(path), int(target))
        for path in records()
        for target in re.findall(r"[Rr]eplace[sd][^.|]*?\]\((\d{4})-", index_row(path))
    }
    assert linked
    assert linked == {(target, number) for number, target in linked}


def test_wrong_references_are_seen():
    right = f"[ADR 1](adr/{records()[0].name})"
    assert references_to_nowhere(right) == []
    assert references_to_nowhere(right.replace("ADR 1", "ADR 2"))
    assert references_to_nowhere("docs/adr/0001-nothing-of-the-kind.md")
    assert _BARE_NUMBER.findall("Why: ADR 0053.") == ["ADR 0053"]
