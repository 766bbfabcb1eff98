"""Reads files from untrusted senders: text by lines, and JSON whose every error names its line."""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from readiness.assessment.evidence.core.parsed import ParseError

LONGEST_TEXT = 200
MOST_FIGURES = 5_000
DEEPEST = 60
SECRETS = frozenset({"env", "environment", "environ", "envp"})
"""Members of a JSON document that hold the environment of a process, which may contain passwords."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_COLLECTED = re.compile(
    r"^(?:\[(?:[\w.-]{1,100}@)?\d{1,6},\d{1,6}\]<std(?:out|err)>:(?: |)"  # mpirun --tag-output
    r"|\[pod/[\w./-]+\](?: |$)"  # kubectl logs --prefix
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)(?: std(?:out|err) F)?(?: |$)"  # --timestamps
    r"|\([^()\n]{0,80}\bpid=\d+[^()\n]{0,80}\)(?: |$)"  # Ray
    r"| {0,5}\d{1,6}:(?: |$))+",  # srun --label
    re.MULTILINE,
)
"""Launchers and logs write such tags and times before each line of an output."""


def text_of(content: bytes) -> str:
    """The file as text, without colours and log prefixes. Raises ParseError if it is not UTF-8 text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ParseError(line, "The file is not UTF-8 text.") from error
    if "\x00" in text:
        raise ParseError(
            text.count("\n", 0, text.index("\x00")) + 1, "The file is not text: it contains null bytes."
        )
    if not text.strip():
        raise ParseError(1, "The file is empty.")
    return _COLLECTED.sub("", _ANSI.sub("", text))


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their number, from 1. Only line feeds separate lines, so that numbers agree with an editor's."""
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, line.rstrip("\r")


def tidy(text: object) -> str:
    """A short text for any store and page: one line, no control characters, at most 200 characters."""
    plain = str(text).encode("utf-8", "replace").decode("utf-8")
    spaced = "".join(char if char.isprintable() else " " for char in plain)
    return " ".join(spaced.split())[:LONGEST_TEXT]


def number_of(text: str) -> float | None:
    """A finite number written in digits; None for everything else, including `nan` and `1_000`."""
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def whole_of(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def counted(line: int, text: str, reason: str = "{} is not a number.") -> float:
    value = number_of(text)
    if value is None or value < 0:
        raise ParseError(line, reason.format(tidy(text)))
    return value


def refuse_more(line: int, count: int, what: str = "figures") -> None:
    if count > MOST_FIGURES:
        raise ParseError(line, f"There are more than {MOST_FIGURES} {what}.")


def instant(seconds: float | None, line: int = 1) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ParseError(line, f"{seconds:g} is not a valid time.") from error


def local_time(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 there is no zone to read
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower().partition(".")[0] in {"localhost", "localhost4", "localhost6", "ip6-localhost"}


def looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def json_below(text: str, hint: str) -> tuple[list[str], str]:
    """The remarks above a tool's document, and the document. Remark lines stay as empty lines, so that line numbers
    match the file."""
    lines = [line for _, line in lines_of(text)]
    first = next((place for place, line in enumerate(lines) if line.lstrip().startswith("{")), None)
    if first is None:
        raise ParseError(1, f"There is no JSON document; {hint}.")
    ends = [place for place, line in enumerate(lines) if line.rstrip().endswith("}")]
    after = ends[-1] + 1 if ends else len(lines)
    if any(looks_like_json(line) for line in lines[after:]):
        after = len(lines)
    notes = [tidy(line) for line in (*lines[:first], *lines[after:]) if line.strip()]
    return notes[:100], "\n".join([*[""] * first, *lines[first:after]])


class Json:
    """A value inside a JSON document that knows its place. Getters raise ParseError with the line of the value, so that
    parsers read like the format. `line` is set for a document that is one line of a file."""

    __slots__ = ("_line", "_text", "path", "value")

    def __init__(self, text: str, value: Any, path: tuple[str | int, ...] = (), line: int = 0) -> None:
        self._text = text
        self._line = line
        self.value = value
        self.path = path

    @classmethod
    def parse(cls, text: str, line: int = 0) -> Json:
        try:
            value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_members_once)
        except json.JSONDecodeError as error:
            # Some versions of iperf3 write their document twice.
            if error.msg == "Extra data" and text[: error.pos].strip() == text[error.pos :].strip():
                return cls.parse(text[: error.pos], line)
            reason = f"This is not JSON: {error.msg}."
            if error.msg == "Extra data":
                reason = "Something follows the document here: send each run in a file of its own."
            raise ParseError(line or error.lineno, reason) from error
        except RecursionError as error:
            raise ParseError(line or 1, "This JSON is nested too deeply.") from error
        except _TwiceError as error:
            reason = f"This JSON gives {tidy(error)!r} twice, with two values."
            raise ParseError(line or text.count("\n", 0, text.rfind(f'"{error}"')) + 1, reason) from error
        except ValueError as error:
            reason = f"This JSON holds a number out of range: {tidy(error)}"
            raise ParseError(line or 1, reason) from error
        if _is_deeper(value, DEEPEST):
            raise ParseError(line or 1, "This JSON is nested too deeply.")
        return cls(text, value, line=line)

    def refuse(self, reason: str) -> NoReturn:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        line = self._line or line_in(self._text, self.path)
        raise ParseError(line, f"{tidy(where.lstrip('.') or 'The file')}: {reason}")

    def get(self, key: str) -> Json | None:
        value = self._members().get(key)
        return None if value is None else Json(self._text, value, (*self.path, key), self._line)

    def need(self, key: str) -> Json:
        member = self.get(key)
        if member is None:
            self.refuse(f"{key!r} is missing.")
        return member

    def child(self, key: str) -> Json:
        """The member, or an empty object instead."""
        return self.get(key) or Json(self._text, {}, (*self.path, key), self._line)

    def items(self) -> Iterator[Json]:
        if not isinstance(self.value, list):
            self.refuse("A list is expected.")
        for place, value in enumerate(self.value):
            yield Json(self._text, value, (*self.path, place), self._line)

    def listed(self, key: str) -> list[Json]:
        member = self.get(key)
        return [] if member is None else [item for item in member.items() if item.value is not None]

    def number(self, key: str) -> float:
        member = self.need(key)
        value = member.numeric_value()
        if value is None:
            member.refuse("A number is expected.")
        return value

    def optional_number(self, key: str) -> float | None:
        return None if self.get(key) is None else self.number(key)

    def counted(self, key: str, reason: str = "It is negative.") -> float:
        value = self.number(key)
        if value < 0:
            self.need(key).refuse(reason)
        return value

    def whole(self, key: str) -> int:
        value = self.number(key)
        if value != int(value) or abs(value) >= 2**62:
            self.need(key).refuse("A whole number is expected.")
        return int(value)

    def optional_whole(self, key: str) -> int | None:
        return None if self.get(key) is None else self.whole(key)

    def numeric_value(self) -> float | None:
        if isinstance(self.value, str):
            return number_of(self.value.strip())
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        try:
            value = float(self.value)
        except OverflowError:
            return None
        return value if math.isfinite(value) else None

    def text(self, key: str) -> str:
        member = self.get(key)
        return tidy(member.value) if member is not None and isinstance(member.value, str | int) else ""

    def is_object(self) -> bool:
        return isinstance(self.value, dict)

    def names(self) -> list[str]:
        return list(self._members())

    def _members(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            self.refuse("An object is expected.")
        return self.value


def storable_bytes(text: str, value: Any) -> bytes:
    """The document as it may be stored: the same bytes, but without the environment of a process."""
    if not _holds_secrets(value):
        return text.encode("utf-8", "replace")
    return json.dumps(_stripped(value), indent=1, ensure_ascii=True).encode()


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            member
            for each in layer
            if isinstance(each, dict | list)
            for member in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return True


def _holds_secrets(value: Any) -> bool:
    if isinstance(value, dict):
        return any(str(key).lower() in SECRETS or _holds_secrets(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_secrets(each) for each in value)


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(each) for key, each in value.items() if str(key).lower() not in SECRETS}
    return [_stripped(each) for each in value] if isinstance(value, list) else value


class _TwiceError(ValueError):
    pass


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse two members of one name: iperf3 before 3.11 gave both directions the same name, and only the last would be
    read."""
    members = dict(pairs)
    if len(members) < len(pairs):
        for name, value in pairs:
            if value != members[name]:
                raise _TwiceError(name)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def line_in(text: str, path: tuple[str | int, ...]) -> int:
    """The line on which the value at `path` begins, or that of the innermost part that can be located."""
    at = _skip(text, 0)
    try:
        for step in path:
            at = _member(text, at, step)
    except (ValueError, IndexError, StopIteration, RecursionError):
        pass
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, step: str | int) -> int:
    place = 0
    at = _skip(text, at + 1)
    value_at = -1
    while text[at] not in "]}":
        key: str | int = place
        if isinstance(step, str):
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == step:
            value_at = at
            if isinstance(step, int):
                return at
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
        place += 1
    if value_at < 0:
        raise ValueError(step)
    return value_at


def _skip(text: str, at: int) -> int:
    matched = _SPACE.match(text, at)
    return matched.end() if matched else at
