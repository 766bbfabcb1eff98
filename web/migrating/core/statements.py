"""Reads statements of migrations: which tables they read or write whole, how long that takes, and who waits."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """An effect on all rows of a table: its words, its rate in MB a second, and who waits meanwhile.

    Measured on two cores with a million rows of 117 bytes, PostgreSQL 18 as Muster runs it; rounded down.
    """

    CHECKS = ("checks every row of", 60, "readers and writers of it wait")
    INDEXES = ("builds an index on", 50, "writers of it wait")
    INDEXES_BESIDE = ("builds an index on", 20, "nobody waits")
    REWRITES = ("may write anew", 15, "readers and writers of it wait")
    CHANGES = ("may change every row of", 6, "writers of the same rows wait")

    def __init__(self, words: str, mb_per_s: int, waiting: str) -> None:
        self.words, self.mb_per_s, self.waiting = words, mb_per_s, waiting


@dataclass(frozen=True, order=True)
class TableSize:
    """`rows` None: PostgreSQL has not counted them yet."""

    rows: int | None
    size_bytes: int


@dataclass(frozen=True)
class Work:
    effect: Effect
    table: str

    def duration_s(self, size: TableSize) -> float:
        return size.size_bytes / 1e6 / self.effect.mb_per_s


_NAME = r'((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)'
_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*")
_INDEX = re.compile(
    rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s+(CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?:(?!ON\s){_NAME}\s+)?ON\s+(?:ONLY\s+)?"
    rf"{_NAME}",
    re.IGNORECASE,
)
_ALTER = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_NAME}\s+([^;]*)", re.IGNORECASE | re.DOTALL
)
_CHANGE = re.compile(rf"(?:^|[;(])\s*(?:UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?{_NAME}", re.IGNORECASE)
# In the order in which they are looked for: the first that is there says what an ALTER TABLE does.
_ACTIONS = (
    (
        re.compile(r"\bALTER\s+COLUMN\s+\S+\s+(?:SET\s+DATA\s+)?TYPE\b|\bSTORED\b", re.IGNORECASE),
        Effect.REWRITES,
    ),
    (
        re.compile(r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:UNIQUE|PRIMARY\s+KEY|EXCLUDE)\b", re.IGNORECASE),
        Effect.INDEXES,
    ),
    (
        re.compile(
            r"\bADD\s+CONSTRAINT\b(?!.*NOT\s+VALID)|\bSET\s+NOT\s+NULL\b|\bVALIDATE\b|\bREFERENCES\b",
            re.IGNORECASE | re.DOTALL,
        ),
        Effect.CHECKS,
    ),
)


def find_works(statements: Iterable[str]) -> list[Work]:
    """Find in these statements, in order, each work on a whole table. Functions that they define do no work yet."""
    texts = (_BODY.sub("''", _COMMENT.sub("", statement)).strip() for statement in statements)
    return [work for text in texts for work in _works_of(text)]


def _works_of(text: str) -> Iterator[Work]:
    for match in _INDEX.finditer(text):
        yield Work(Effect.INDEXES_BESIDE if match[1] else Effect.INDEXES, _plain(match[3]))
    for match in _ALTER.finditer(text):
        for pattern, effect in _ACTIONS:
            if pattern.search(match[2]):
                yield Work(effect, _plain(match[1]))
                break
    for match in _CHANGE.finditer(text):
        yield Work(Effect.CHANGES, _plain(match[1]))


def _plain(name: str) -> str:
    return name.replace('"', "")


def say_duration(seconds: float) -> str:
    """A duration in words that claim no more than an estimate can."""
    if seconds < 1:
        return "a second or less"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
