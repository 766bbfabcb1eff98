"""The drawing of pairs and the list of what to test next, as the pages show them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.assessment.evidence.core.proving.interop import JudgedPair
from readiness.boards.interop import sentences
from readiness.boards.interop.core.drawing import InteropDrawing, PairLine, ProductBox, drawing
from readiness.boards.interop.core.next_tests import NextTest, PairPlace, next_tests
from readiness.boards.interop.queries import FleetPair, SitePairs
from web.links import link
from web.units import power

MOST_DRAWN, MOST_LISTED = 40, 6


@dataclass(frozen=True, slots=True)
class LineLook:
    """A line with its address, its label, and all of it in words."""

    line: PairLine[FleetPair] | PairLine[JudgedPair]
    url: str
    label: str
    words: str
    products: str


@dataclass(frozen=True, slots=True)
class ColumnLook:
    boxes: tuple[ProductBox, ...]
    lines: list[LineLook]


@dataclass(frozen=True, slots=True)
class InteropPicture:
    """`more` counts the pairs without a line: the least urgent."""

    columns: list[ColumnLook]
    height: int
    finding: str
    more: int

    @property
    def lines(self) -> list[LineLook]:
        return [line for column in self.columns for line in column.lines]


@dataclass(frozen=True, slots=True)
class NextLine:
    """`record` is a table to fill in, "" where the inventory has to say first what is deployed."""

    place: PairPlace
    products: str
    task: str
    why: str
    stake: str
    record: str
    import_url: str
    devices_url: str


def fleet_picture(pairs: Sequence[FleetPair]) -> InteropPicture:
    drawn = pairs[:MOST_DRAWN]
    return _picture(
        drawing(drawn),
        lambda pair: (sentences.fleet_label(pair), link("site-interop", pair.worst_site.slug)),
        finding=sentences.drawing_finding(pairs),
        more=len(pairs) - len(drawn),
    )


def site_picture(site: SitePairs, *, import_url: str, check_url: str) -> InteropPicture:
    """A line leads to the newest record of its pair, else to where one is entered, or to the check."""
    until = {place.pair.installed.key: place.proven_until for place in site.places}
    drawn = site.pairs[:MOST_DRAWN]

    def describe(pair: JudgedPair) -> tuple[str, str]:
        run_url = link("validation-run-detail", pair.runs[-1].id) if pair.runs else ""
        label = sentences.site_label(pair, until[pair.installed.key])
        return label, run_url or import_url or check_url

    finding = sentences.drawing_finding(site.pairs)
    return _picture(drawing(drawn), describe, finding=finding, more=len(site.pairs) - len(drawn))


def _picture[P: (FleetPair, JudgedPair)](
    drawn: InteropDrawing[P], describe: Callable[[P], tuple[str, str]], *, finding: str, more: int
) -> InteropPicture:
    """`describe` gives the label and the address of a pair."""

    def line_look(line: PairLine[P]) -> LineLook:
        label, url = describe(line.pair)
        words = sentences.line_words(line.pair, label)
        return LineLook(line, url, label, words, sentences.products(line.pair))

    columns = [
        ColumnLook(column.boxes, [line_look(line) for line in column.lines]) for column in drawn.columns
    ]
    return InteropPicture(columns, drawn.height, finding, more)


def next_lines(
    sites: Sequence[SitePairs], *, now: datetime, may_add: bool, may_see_devices: bool
) -> tuple[list[NextLine], int]:
    """The first tests to do next, and how many others there are."""
    tests = next_tests((place for site in sites for place in site.places), now=now)
    first_tests = tests[:MOST_LISTED]
    lines = [_next_line(test, may_add=may_add, may_see_devices=may_see_devices) for test in first_tests]
    return lines, len(tests) - len(first_tests)


def _next_line(test: NextTest, *, may_add: bool, may_see_devices: bool) -> NextLine:
    place, unknown = test.place, test.without_version
    return NextLine(
        place=place,
        products=sentences.products(place.pair),
        task=sentences.task(test),
        why=sentences.why(test),
        stake=str(power(place.capacity_kw)) if place.capacity_kw else "",
        record="" if unknown else test.record,
        import_url=link("validation-run-add", site=place.slug, tool="csv") if may_add and not unknown else "",
        devices_url=link("device-list", site=place.slug, q=unknown.model)
        if unknown and may_see_devices
        else "",
    )
