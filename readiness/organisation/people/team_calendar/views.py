"""The calendar of a team with one day opened beside it, and its file."""

from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from readiness.organisation.people.core.team_calendar import (
    CalendarEntry,
    Days,
    EntryKind,
    days_from,
    entries_by_day,
    monday,
)
from readiness.organisation.people.kinds.tabs import tabs
from readiness.organisation.people.models import Team
from readiness.organisation.people.params import first_monday
from readiness.organisation.people.team_calendar.queries import TeamCalendar, team_calendar
from web import answers
from web.clock import now
from web.links import link
from web.reports import Report, choices
from web.tables.addresses import Address
from web.tables.grids import GridCell
from web.timerange import BadParameter
from web.units import day as day_words
from web.units import instant
from web.visibility import sees_names

TEMPLATE = "people/calendar/page.html"
CALENDAR = Report(TEMPLATE, "inventory.view_site", "people.view_team", "people.view_rotation")
SEES_SHIFTS = "people.view_shift"
CELL, PANEL_REGION, EXPORT = "cell", "evidence", "export"
WEEKS, DEFAULT_WEEKS = {2: "2 weeks", 4: "4 weeks", 8: "8 weeks"}, 4
SATURDAY = 5


@CALENDAR.reads
def calendar(request: HttpRequest) -> HttpResponseBase:
    at, names = now(), sees_names(request.user) and request.user.has_perm(SEES_SHIFTS)
    zone = ZoneInfo(timezone.get_current_timezone_name())
    address = Address(request, path=request.path, filters=())
    today = at.astimezone(zone).date()
    team = _team(address.one("team"), request.user, at)
    days = days_from(first_monday(address.one("start"), today), _weeks(address.one("weeks")))
    if team is None:
        return answers.page(request, TEMPLATE, {"team": None, "tabs": tabs("team-calendar")})
    contents = team_calendar(team, days, zone, user=request.user, names=names, now=at)
    if request.GET.get(EXPORT) == "csv":
        return _file(team, contents)
    of_day = entries_by_day(contents.entries, days, zone)
    panel = _panel(request, address, contents, of_day, days)
    if request.headers.get("HX-Target", "").partition("#")[2] == PANEL_REGION:
        return answers.page(request, f"{TEMPLATE}#evidence", panel)
    context = {
        "tabs": tabs("team-calendar"),
        "team": team,
        "teams": list(Team.objects.present(at).order_by("name", "pk").values_list("slug", "name")),
        "sees_names": names,
        "contents": contents,
        "lanes": [(lane, _cells(lane, of_day, days, address.one(CELL))) for lane in contents.lanes],
        "agenda": _agenda(contents, of_day, days),
        **_times(address, days, today),
    }
    return answers.page(request, TEMPLATE, context | panel)


def _times(address: Address, days: tuple[date, ...], today: date) -> dict[str, Any]:
    weeks = len(days) // 7
    step = days[-1] - days[0] + (days[1] - days[0])
    return {
        "days": [
            {
                "day": day,
                "weekday": f"{day:%a}",
                "is_first": not day.weekday(),
                "is_weekend": day.weekday() >= SATURDAY,
                "is_today": day == today,
            }
            for day in days
        ],
        "weeks": [(first, list(week)) for first, week in groupby(days, key=monday)],
        "week_choices": choices(
            WEEKS.items(), weeks, lambda number: address.url(without=[CELL], weeks=number)
        ),
        "earlier_url": address.url(without=[CELL], start=(days[0] - step).isoformat()),
        "later_url": address.url(without=[CELL], start=(days[0] + step).isoformat()),
        "today_url": address.url(without=[CELL, "start"]),
        "csv_url": address.url(without=[CELL], export="csv"),
        "cell_fields": [pair for pair in address.pairs if pair[0] != CELL],
        "team_fields": [pair for pair in address.pairs if pair[0] not in (CELL, "team")],
        "legend": list(EntryKind),
    }


def _team(slug: str, user: Any, at: datetime) -> Team | None:
    """The named team, else the first of the reader's own, else the first; None where no team exists."""
    teams = Team.objects.present(at).order_by("name", "pk")
    if slug:
        team = teams.filter(slug=slug[:100].replace("\0", "")).first()
        if team is None:
            raise BadParameter("team", "There is no such team.")
        return team
    return teams.filter(memberships__person__user=user).first() or teams.first()


def _weeks(text: str) -> int:
    if text and text not in map(str, WEEKS):
        raise BadParameter("weeks", f"is one of {', '.join(map(str, WEEKS))}")
    return int(text or DEFAULT_WEEKS)


def _cells(lane: Any, of_day: Days, days: tuple[date, ...], current_key: str) -> list[GridCell]:
    cells = []
    for day in days:
        entries = of_day.get((lane.key, day), [])
        key = f"{lane.key}.{day.isoformat()}"
        marks = "".join(dict.fromkeys(entry.mark for entry in entries[:2]))
        titles = "; ".join(dict.fromkeys(entry.title for entry in entries)) or "nothing"
        cells.append(
            GridCell(
                key,
                entries[0].kind if entries else "",
                marks,
                f"{lane.label}, {day_words(day)}{marks and f', {marks}'}: {titles}",
                is_next=bool(entries) and entries[0].kind is EntryKind.NOBODY,
                is_first=day.weekday() == 0,
                is_current=key == current_key,
            )
        )
    return cells


def _agenda(contents: TeamCalendar, of_day: Days, days: tuple[date, ...]) -> list[dict[str, Any]]:
    """The same by day and kind, for phones; days without an entry are left out."""
    listed = []
    for day in days:
        by_kind: dict[EntryKind, dict[str, str]] = {}
        for lane in contents.lanes:
            for entry in of_day.get((lane.key, day), ()):
                words = f"{lane.label} ({entry.mark})" if entry.kind is EntryKind.ON_CALL else entry.title
                words = lane.label if entry.kind is EntryKind.AWAY else words
                by_kind.setdefault(entry.kind, {})[words] = entry.url
        groups = [(kind, list(by_kind[kind].items())) for kind in EntryKind if kind in by_kind]
        if groups:
            listed.append({"day": day, "groups": groups})
    return listed


def _panel(
    request: HttpRequest, address: Address, contents: TeamCalendar, of_day: Days, days: tuple[date, ...]
) -> dict[str, Any]:
    key = address.one(CELL)
    if not key:
        return {"evidence": None}
    lane_key, _dot, text = key.partition(".")
    lane = next((lane for lane in contents.lanes if lane.key == lane_key), None)
    day = next((day for day in days if day.isoformat() == text), None)
    if lane is None or day is None:
        raise Http404(f"cell: {key} names no line and day of this calendar.")
    person = lane_key.removeprefix("p") if lane.url else ""
    may_add = person and request.user.has_perm("people.add_leave")
    return {
        "evidence": {
            "lane": lane,
            "day": day,
            "entries": of_day.get((lane.key, day), []),
            "leave_url": link("leave-add", person=person) if may_add else "",
        },
        "close_url": address.url(without=[CELL]),
    }


def _file(team: Team, contents: TeamCalendar) -> HttpResponseBase:
    labels = {lane.key: lane.label for lane in contents.lanes}

    def row(entry: CalendarEntry) -> list[str]:
        return [labels[entry.lane], entry.kind, entry.title, instant(entry.starts_at), instant(entry.ends_at)]

    entries = sorted(contents.entries, key=lambda entry: (entry.starts_at, entry.order))
    return answers.csv_file(
        f"calendar-{team.slug}", ["Line", "Kind", "What", "From", "Until"], map(row, entries)
    )
