"""A calendar by its lines: which zone it names, which lines make each event, and where it names somebody."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from zoneinfo import available_timezones

MOST_BYTES = 5 * 1024 * 1024
MOST_EVENTS = 5_000
LONGEST_LINE = 20_000
_FOLD = r"(?:\r?\n[ \t])?"
_LINE_END = re.compile(r"\r\n|\n|\r")

type WrittenEvent = list[tuple[int, str]]


class CalendarRefused(ValueError):
    """A calendar that cannot be taken; `line` is where, counted from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


def _numbered_lines(content: bytes) -> Iterator[tuple[int, str]]:
    """Lines with what continues them, each with the number of its first."""
    if len(content) > MOST_BYTES:
        raise CalendarRefused(1, f"A calendar has {MOST_BYTES} bytes at most.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalendarRefused(content.count(b"\n", 0, error.start) + 1, "This is no UTF-8.") from error
    begun, parts = 1, [""]
    for number, line in enumerate(_LINE_END.split(text), 1):
        if len(line) > LONGEST_LINE:
            raise CalendarRefused(number, f"A line has {LONGEST_LINE} characters at most.")
        if "\0" in line:
            raise CalendarRefused(number, "The line holds a character that no text has.")
        if line.startswith((" ", "\t")):
            parts.append(line[1:])
        elif line:
            yield begun, "".join(parts)
            begun, parts = number, [line]
    yield begun, "".join(parts)


def written(content: bytes) -> tuple[str, list[WrittenEvent]]:
    """The calendar's zone, and the numbered lines of each event; parts of events, such as alarms, are left out."""
    zone_name, events, number = "", list[WrittenEvent](), 1
    inside: list[tuple[str, int]] = []
    has_begun = False
    for number, line in islice(_numbered_lines(content), 1, None):
        word = line.rstrip().upper()
        verb, _, part = word.partition(":")
        if not has_begun and word != "BEGIN:VCALENDAR":
            break
        has_begun = True
        if verb == "BEGIN":
            _refuse_nesting(number, part, inside)
            inside.append((part, number))
            if part == "VEVENT":
                events.append([(number, line)])
                if len(events) > MOST_EVENTS:
                    raise CalendarRefused(number, f"There are more than {MOST_EVENTS} events.")
        elif verb == "END":
            _refuse_end(number, part, inside)
            inside.pop()
        elif inside and inside[-1][0] == "VEVENT":
            events[-1].append((number, line))
        elif len(inside) == 1 and word.startswith("X-WR-TIMEZONE"):
            zone_name = _zone_name(number, line)
    if not has_begun:
        raise CalendarRefused(1, "A calendar begins with BEGIN:VCALENDAR.")
    if inside:
        raise CalendarRefused(number, "The calendar is cut off: END:VCALENDAR is missing.")
    return zone_name, events


def _refuse_nesting(number: int, part: str, inside: Sequence[tuple[str, int]]) -> None:
    if part == "VCALENDAR" and inside:
        raise CalendarRefused(number, "A calendar begins inside another.")
    if part == "VEVENT" and [name for name, _ in inside] != ["VCALENDAR"]:
        raise CalendarRefused(number, "An event begins inside another, or outside the calendar.")


def _refuse_end(number: int, part: str, inside: Sequence[tuple[str, int]]) -> None:
    begun, line = inside[-1] if inside else ("", number)
    if (begun, part) == ("VEVENT", "VCALENDAR"):
        raise CalendarRefused(line, "The event that begins here has no end.")
    if begun != part:
        raise CalendarRefused(number, f"No {part[:20] or 'part'} begins before this end.")


def _zone_name(number: int, line: str) -> str:
    name = line.partition(":")[2].strip()
    if name not in available_timezones():
        raise CalendarRefused(number, f"{name[:64]} is no IANA time zone.")
    return name


def replace_names(content: bytes, names: Collection[str], pseudonym: str) -> bytes:
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
