"""Reads what somebody typed into the search: `in:sites dub` looks for "dub" among sites only."""

import re
from dataclasses import dataclass

# Longer texts are pasted by mistake; no name is as long.
LONGEST = 200
_SCOPE = re.compile(r"(?:^|\s)in:([\w-]*)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`text` is free of control characters, with single blanks; `scope` "" is everywhere."""

    text: str
    scope: str = ""


def read(typed: str) -> SearchQuery:
    cleaned = "".join(letter if letter.isprintable() else " " for letter in typed[: 4 * LONGEST])
    scopes = _SCOPE.findall(cleaned)
    text = " ".join(_SCOPE.sub(" ", cleaned).split())
    return SearchQuery(text[:LONGEST].strip(), scopes[-1].lower() if scopes else "")
