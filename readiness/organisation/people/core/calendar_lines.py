"""A calendar by its lines: which zone it names, which lines make each event, and where it names somebody."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

MOST_BYTES = 5 * 1024 * 1024
MOST_EVENTS = 5_000
LONGEST_LINE = 20_000
_FOLD = r"(?:\r?\n[ \t])?"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_PROPERTY = re.compile(r"([A-Za-z0-9-]+)[;:]")
_NAMES = frozenset(
    {
        *(
            "ACTION",
            "ATTACH",
            "ATTENDEE",
            "CALSCALE",
            "CATEGORIES",
            "CLASS",
            "COMMENT",
            "COMPLETED",
            "CONTACT",
        ),
        *(
            "CREATED",
            "DESCRIPTION",
            "DTEND",
            "DTSTAMP",
            "DTSTART",
            "DUE",
            "DURATION",
            "EXDATE",
            "EXRULE",
            "FREEBUSY",
        ),
        *(
            "GEO",
            "LAST-MODIFIED",
            "LOCATION",
            "METHOD",
            "ORGANIZER",
            "PERCENT-COMPLETE",
            "PRIORITY",
            "PRODID",
        ),
        *(
            "RDATE",
            "RECURRENCE-ID",
            "RELATED-TO",
            "REPEAT",
            "REQUEST-STATUS",
            "RESOURCES",
            "RRULE",
            "SEQUENCE",
        ),
        *(
            "STATUS",
            "SUMMARY",
            "TRANSP",
            "TRIGGER",
            "TZID",
            "TZNAME",
            "TZOFFSETFROM",
            "TZOFFSETTO",
            "TZURL",
            "UID",
        ),
        *("URL", "VERSION"),
    }
)

type WrittenPart = list[tuple[int, str]]


class CalendarRefused(ValueError):
    """A calendar that cannot be taken; `line` is where, counted from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(slots=True)
class WrittenCalendar:
    """The lines of each event, without those of its alarms, and of each description of a time zone; `zone_name` is the
    zone of the calendar."""

    zone_name: str = ""
    zone_line: int = 1
    events: list[WrittenPart] = field(default_factory=list)
    zones: list[WrittenPart] = field(default_factory=list)


def _numbered_lines(content: bytes) -> Iterator[tuple[int, str]]:
    """Lines with what continues them, each with the number of its first. Bytes are joined before they become text: some
    programs fold a line in the middle of a character."""
    if len(content) > MOST_BYTES:
        raise CalendarRefused(1, f"A calendar has {MOST_BYTES} bytes at most.")
    first_number, parts = 1, list[bytes]()
    for number, line in enumerate(_LINE_END.split(content.removeprefix(b"\xef\xbb\xbf")), 1):
        if len(line) > LONGEST_LINE:
            raise CalendarRefused(number, f"A line has {LONGEST_LINE} characters at most.")
        if line.startswith((b" ", b"\t")):
            if not parts:
                raise CalendarRefused(number, "A calendar begins with BEGIN:VCALENDAR.")
            parts.append(line[1:])
        elif line:
            if parts:
                yield first_number, _decoded(first_number, parts)
            first_number, parts = number, [line]
    if parts:
        yield first_number, _decoded(first_number, parts)


def _decoded(number: int, parts: Sequence[bytes]) -> str:
    try:
        line = b"".join(parts).decode()
    except UnicodeDecodeError as error:
        raise CalendarRefused(number, "This is no UTF-8.") from error
    if "\0" in line:
        raise CalendarRefused(number, "The line holds a character that no text has.")
    return line


def written_calendar(content: bytes) -> WrittenCalendar:
    """Raises CalendarRefused, also for a line that neither is a property nor continues one."""
    calendar, number = WrittenCalendar(), 1
    inside: list[tuple[str, int]] = []
    has_begun = False
    for number, line in _numbered_lines(content):
        word = line.rstrip().upper()
        verb, _, part = word.partition(":")
        if not has_begun and word != "BEGIN:VCALENDAR":
            break
        has_begun = True
        if verb == "BEGIN":
            _refuse_nesting(number, part, inside)
            inside.append((part, number))
            _begin(calendar, number, part)
        elif verb == "END":
            _refuse_end(number, part, inside)
            inside.pop()
        else:
            _refuse_broken(number, line)
        names = [name for name, _ in inside]
        if names[-1:] == ["VEVENT"] and verb not in {"BEGIN", "END"}:
            calendar.events[-1].append((number, line))
        elif names[1:2] == ["VTIMEZONE"]:
            calendar.zones[-1].append((number, line))
        elif len(inside) == 1 and word.startswith("X-WR-TIMEZONE"):
            calendar.zone_name, calendar.zone_line = line.partition(":")[2].strip(), number
    if not has_begun:
        raise CalendarRefused(1, "A calendar begins with BEGIN:VCALENDAR.")
    if inside:
        raise CalendarRefused(number, "The calendar is cut off: END:VCALENDAR is missing.")
    return calendar


def _begin(calendar: WrittenCalendar, number: int, part: str) -> None:
    if part == "VTIMEZONE":
        calendar.zones.append([])
    if part == "VEVENT":
        calendar.events.append([(number, "BEGIN:VEVENT")])
        if len(calendar.events) > MOST_EVENTS:
            raise CalendarRefused(number, f"There are more than {MOST_EVENTS} events.")


def _refuse_broken(number: int, line: str) -> None:
    """A program that forgets the space of a folded line leaves a line of text. Where that happens to hold a colon, the
    word before it is seldom in capitals, in which programs write the names of properties."""
    name = _PROPERTY.match(line)
    if name is None or not (name[1].isupper() or name[1].upper() in _NAMES or name[1][:2] in {"X-", "x-"}):
        raise CalendarRefused(
            number, "This line is no property. A line that continues another begins with a space."
        )


def _refuse_nesting(number: int, part: str, inside: Sequence[tuple[str, int]]) -> None:
    if part == "VCALENDAR" and inside:
        raise CalendarRefused(number, "A calendar begins inside another.")
    if part == "VEVENT" and [name for name, _ in inside] != ["VCALENDAR"]:
        raise CalendarRefused(number, "An event begins inside another, or outside the calendar.")


def _refuse_end(number: int, part: str, inside: Sequence[tuple[str, int]]) -> None:
    open_part, line = inside[-1] if inside else ("", number)
    if (open_part, part) == ("VEVENT", "VCALENDAR"):
        raise CalendarRefused(line, "The event that begins here has no end.")
    if open_part != part:
        raise CalendarRefused(number, f"No {part[:20] or 'part'} begins before this end.")


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
