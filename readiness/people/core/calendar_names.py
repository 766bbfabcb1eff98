"""Takes a person's name out of a calendar as it was written."""

import re
from collections.abc import Collection

_FOLD = r"(?:\r?\n[ \t])?"


def without_names(content: bytes, names: Collection[str], pseudonym: str) -> bytes:
    """The same bytes with the pseudonym wherever one of the names stands as whole words, in whatever case, folded over
    lines or not. All else stays, lines included."""
    ways = [_written(name) for name in sorted(names, key=len, reverse=True) if name.strip()]
    if not ways:
        return content
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)", re.IGNORECASE)
    text = content.decode("utf-8", "surrogateescape")
    return pattern.sub(lambda _: pseudonym, text).encode("utf-8", "surrogateescape")


def _written(name: str) -> str:
    """A comma and a semicolon stand behind a backslash in iCalendar."""
    return _FOLD.join(rf"\\?{re.escape(each)}" if each in ",;" else re.escape(each) for each in name.strip())
