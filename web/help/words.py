"""The words of the glossary, each with its line."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import slugify

from web.help.documents import DOCS, inline, rows_of

GLOSSARY = DOCS / "glossary.md"
_WORD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True, slots=True)
class Word:
    """`about` says of what, where a word means several things."""

    name: str
    about: str
    html: SafeString

    @property
    def text(self) -> str:
        return unescape(strip_tags(self.html))

    @property
    def slug(self) -> str:
        return slugify(f"{self.name} {self.about}")


def words() -> tuple[Word, ...]:
    return _words(GLOSSARY.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _words(_written_ns: int) -> tuple[Word, ...]:
    return tuple(
        Word(
            word[1],
            cells[0].partition("(")[2].removesuffix(")").strip("`") if "(" in cells[0] else "",
            inline(" | ".join(cells[1:])),
        )
        for cells in rows_of(GLOSSARY)
        if (word := _WORD.match(cells[0]))
    )
