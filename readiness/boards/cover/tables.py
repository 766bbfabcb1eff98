"""Tables of cover by shift: sites as rows of the heat map, single shifts as rows of files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from inventory.models import DomainChoices
from inventory.queries import SiteFacts
from readiness.boards.cover import sentences
from readiness.boards.cover.core import (
    NOT_PLANNED,
    SHORT,
    DomainShifts,
    Half,
    ShiftStanding,
    SiteShifts,
    Window,
)
from readiness.boards.cover.params import shift_key
from readiness.boards.cover.queries import CoveredSite
from web.links import link
from web.states import STATES
from web.tables import Column, RowFilter, Table
from web.tables.grids import GridCell

ID, LIST_ID = "cover", "cover-shifts"
PER_PAGE, PER_PAGE_OF_LONG = 25, 10
LONG_DAYS = 28
"""A page that shows more days than these shows fewer sites."""
MOST_OFFERED = 200
FILTERS = ("site", "region", "domain", "standing")
DOMAINS = dict(DomainChoices.choices)
SATURDAY = 5


def covered_sites(
    sites: Iterable[tuple[SiteFacts, SiteShifts]], domains: Sequence[str], window: Window
) -> list[CoveredSite]:
    rows = []
    for site, shifts in sites:
        lines, ahead = shifts.among(domains), window.ahead(shifts.zone)
        parts = [line.codes(ahead) for line in lines]
        short, free = (sum(part.count(code) for part in parts) for code in (SHORT, NOT_PLANNED))
        if lines:
            rows.append(CoveredSite(site, shifts, lines, short, free))
    return rows


def sites_table(rows: Sequence[CoveredSite], *, days: int, chosen_slugs: Sequence[str]) -> Table:
    return Table(
        id=ID,
        label="Cover by shift",
        noun=("site", "sites"),
        columns=(
            Column("site", "Site", "site.name", sort=True, locked=True),
            Column("short", "Short shifts", sort=True, numeric=True),
            Column("not_planned", "Not planned", sort=True, numeric=True),
            Column("region", "Region", "site.region", sort=True),
        ),
        filters=_filters(rows, chosen_slugs),
        default_sort="-short",
        row_id="site.id",
        row_url=lambda row: link("site-coverage", row.site.slug),
        row_name="site.name",
        per_page=PER_PAGE if days <= LONG_DAYS else PER_PAGE_OF_LONG,
        nothing="readiness/nothing.html#cover",
    )


def _filters(rows: Sequence[CoveredSite], chosen_slugs: Sequence[str]) -> tuple[RowFilter, ...]:
    regions = sorted({row.site.region for row in rows})
    # Of a large fleet the sites with short shifts are offered, and those that were chosen; search finds the others.
    offered = [row for row in rows if len(rows) <= MOST_OFFERED or row.short or row.site.slug in chosen_slugs]
    return (
        RowFilter("site", "Site", "site.slug", [(row.site.slug, row.site.name) for row in offered[:MOST_OFFERED]]),
        RowFilter("region", "Region", "site.region", [(region, region) for region in regions]),
        RowFilter("domain", "Domain", lambda row: {line.domain for line in row.shifts.domains}, DomainChoices.choices),
        RowFilter("standing", "Shifts", _standings,
                  [("short", "Some are short"), ("not-planned", "Some are not planned")]),
    )  # fmt: skip


def _standings(row: CoveredSite) -> set[str]:
    counts = {"short": row.short, "not-planned": row.not_planned}
    return {standing for standing, number in counts.items() if number}


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A day or night of a domain of a site."""

    site: SiteFacts
    line: DomainShifts
    half: Half
    standing: ShiftStanding
    qualified: int

    @property
    def times(self) -> tuple[datetime, datetime]:
        return self.half.times(self.site.time_zone)

    @property
    def key(self) -> str:
        return shift_key(self.site.slug, self.line.domain, self.half)


def shift_rows(
    rows: Iterable[CoveredSite], window: Window, *, only_short: bool = False
) -> Iterator[ShiftRow]:
    for row in rows:
        ahead = window.ahead(row.shifts.zone)
        for line in row.lines:
            for place in line.short_places(ahead) if only_short else ahead:
                standing, number = line.entry(place)
                if standing is not None:
                    yield ShiftRow(row.site, line, Half.unpacked(place), standing, number)


SHIFTS = Table(
    id=LIST_ID,
    label="Shifts",
    noun=("shift", "shifts"),
    columns=(
        Column("shift", "Shift", lambda row: row.half.key,
               sort=lambda row: (row.half.place, row.site.name, row.line.domain), locked=True),
        Column("site", "Site", "site.slug", locked=True),
        Column("domain", "Domain", "line.domain", lambda row: DOMAINS[row.line.domain]),
        Column("standing", "Standing", lambda row: row.standing.value),
        Column("qualified", "Qualified people"),
        Column("needed", "Needed", "line.needed"),
        Column("starts", "From", lambda row: row.times[0]),
        Column("ends", "Until", lambda row: row.times[1]),
    ),
    default_sort="shift",
    row_id="key",
)  # fmt: skip
"""A file has a line for each shift of the sites that are listed."""


WORDS = {standing: str(look.word).lower() for standing, look in STATES["shift"].items()}


class ShiftWords:
    """Keys and words of the places of one page, worked out once for its thousands of cells."""

    def __init__(self, window: Window, *, current_key: str) -> None:
        halves = {place: Half.unpacked(place) for place in window.places}
        self.window, self.current_key = window, current_key
        self.keys = {place: half.key for place, half in halves.items()}
        self.words = {place: sentences.half_words(half) for place, half in halves.items()}

    def lines(self, row: CoveredSite) -> list[dict[str, Any]]:
        return [
            {
                "domain": line.domain,
                "label": DOMAINS[line.domain],
                "needed": line.needed,
                "cells": [self.cell(row, line, place) for place in self.window.places],
            }
            for line in row.lines
        ]

    def cell(self, row: CoveredSite, line: DomainShifts, place: int) -> GridCell:
        standing, number = line.entry(place)
        title = f"{row.site.name} {DOMAINS[line.domain].lower()}, {self.words[place]}"
        is_over = place < self.window.present[row.shifts.zone]
        if standing is None or is_over:
            return GridCell("", "", "", f"{title}: {'over' if is_over else 'not known yet'}")
        is_planned = standing is not ShiftStanding.NOT_PLANNED
        text = f"{number} of {line.needed} qualified, {WORDS[standing]}" if is_planned else WORDS[standing]
        key = f"{row.site.slug}.{line.domain}.{self.keys[place]}"
        return GridCell(
            key,
            standing.value,
            str(number) if is_planned else "–",
            f"{title}: {text}",
            is_next=standing is ShiftStanding.SHORT,
            is_current=key == self.current_key,
        )


def day_rows(row: CoveredSite, shift_words: ShiftWords) -> list[tuple[str, list[GridCell]]]:
    """One site for phones: a row for each day, with day and night of each domain."""
    places = shift_words.window.places
    return [
        (
            f"{Half.unpacked(place).day:%a} {Half.unpacked(place).day.day}",
            [shift_words.cell(row, line, each) for line in row.lines for each in (place, place + 1)],
        )
        for place in places[::2]
    ]


def headings(window: Window, today: date) -> list[dict[str, Any]]:
    days = [Half.unpacked(place).day for place in window.places[::2]]
    return [
        {
            "day": day,
            "label": f"{day:%a} {day.day}",
            "is_weekend": day.weekday() >= SATURDAY,
            "is_today": day == today,
        }
        for day in days
    ]
