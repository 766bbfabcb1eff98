"""The glossary is sorted, says each word once, and holds only words that are used."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
_ENTRY = re.compile(r"^\| \*\*(?P<word>[^*]+)\*\* ?(?P<of>[^|]*?) \| (?P<meaning>.+) \|$", re.MULTILINE)
_WHERE_WORDS_ARE_USED = (
    *(
        f"{top}/**/*.py"
        for top in ("accounts", "agent", "inventory", "readiness", "stack", "telemetry", "web")
    ),
    *("templates/**/*.html", "docs/*.md", "docs/guides/**/*.md", "README.md", "readiness/**/data/**/*.yaml"),
)


def entries(text: str) -> list[tuple[str, str]]:
    """Word and what it is a word of, such as ("rule", "(of windows)")."""
    return [(entry["word"], entry["of"]) for entry in _ENTRY.finditer(text)]


def out_of_order(text: str) -> list[tuple[str, str]]:
    listed = entries(text)
    keys = [(word.casefold(), of.casefold()) for word, of in listed]
    return [later for later, before, key in zip(listed[1:], keys, keys[1:], strict=False) if key <= before]


@cache
def used_text() -> str:
    paths = {path for pattern in _WHERE_WORDS_ARE_USED for path in ROOT.glob(pattern)} - {GLOSSARY}
    return "\n".join(as_words(path.read_text(encoding="utf-8")) for path in sorted(paths))


def as_words(text: str) -> str:
    """Lower case, with AuditEntry, audit_entry and audit-entry all written as `audit entry`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return " ".join(re.sub(r"[-_]", " ", apart).lower().split())


def is_used(word: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(as_words(word))}(s|es)?\b", text) is not None


WORDS = entries(GLOSSARY.read_text(encoding="utf-8"))


def test_every_row_is_read():
    rows = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]
    assert len(rows) == len(WORDS) > 100


def test_words_are_in_order_and_there_once():
    assert out_of_order(GLOSSARY.read_text(encoding="utf-8")) == []


def test_every_word_is_used():
    assert [word for word, _ in WORDS if not is_used(word, used_text())] == []


def test_disorder_repetition_and_idleness_are_seen():
    text = "| **lane** | a |\n| **age** | b |\n| **age** | c |\n"
    assert out_of_order(text) == [("age", ""), ("age", "")]
    assert not is_used("quango", used_text())
    assert is_used("audit entry", as_words("class AuditEntry:"))
