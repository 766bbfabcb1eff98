"""Columns of coverage, by site and requirement; of who is on call, of the hours that people are, and of surveys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from inventory.models.places import DomainChoices
from readiness.organisation.people.core.cover import PROBLEM_DAYS, CoverSpan
from readiness.organisation.people.core.coverage import CoverDepth
from readiness.organisation.people.core.on_call import PRIMARY
from readiness.organisation.people.core.practice import SMALL_GROUP
from readiness.organisation.people.fleet import CoverLine, DomainLine, names_of
from readiness.organisation.people.models import Shift, WorkDomain
from readiness.organisation.people.queries.duty import PersonDuty
from readiness.organisation.people.queries.on_call import WORST_FIRST, DutyRow
from web.links import link, page_url
from web.states import STATES
from web.tables import Column, RowFilter, Table
from web.units import instant, number
from web.visibility import name_of, sees_names
from web.words import plain

DOMAINS = dict(WorkDomain.choices)
DEPTHS = [(depth.value, STATES["cover"][depth].word) for depth in CoverDepth]
ORDER = list(CoverDepth)
ENDS = "expiring"


def _site_url(line: DomainLine) -> str:
    return link("site-coverage", line.site.slug)


def _count(key: str, label: str) -> Column:
    return Column(key, label, lambda line: line.counts[key], sort=True, numeric=True)


def fleet_table(lines: Sequence[DomainLine]) -> Table:
    sites = {line.site.slug: line.site.name for line in lines}
    regions = sorted({line.site.region for line in lines})
    return Table(
        id="coverage",
        label="Coverage of sites by domain",
        noun=("domain of a site", "domains of sites"),
        columns=(
            Column("site", "Site", "site.name", url=_site_url, sort=True, locked=True, phone="title",
                   export="site.slug"),
            Column("domain", "Domain", text=lambda line: DOMAINS[line.domain], sort=True),
            Column("state", "Coverage", lambda line: line.depth.value, states="cover",
                   sort=lambda line: ORDER.index(line.depth), phone="status",
                   hint="Of the requirement that is covered worst"),
            Column("region", "Region", "site.region", sort=True),
            Column("required", "Required", lambda line: len(line.requirements), sort=True, numeric=True),
            _count("twice", "Covered twice"),
            _count("once", "Once"),
            _count("nobody", "By nobody"),
            Column("expiring", "Ends in 30 days", sort=True, numeric=True,
                   hint="Requirements with somebody whose qualification ends within 30 days"),
            Column("staffed", "Staffed", "is_staffed", sort=True, default=False),
        ),
        filters=(
            RowFilter("state", "Coverage", lambda line: {line.depth.value, *([ENDS] if line.expiring else [])},
                      [*DEPTHS, (ENDS, "Ends in 30 days")]),
            RowFilter("domain", "Domain", "domain", WorkDomain.choices),
            RowFilter("region", "Region", "site.region", [(region, region) for region in regions]),
            RowFilter("site", "Site", "site.slug", list(sites.items())),
        ),
        default_sort="state",
        row_id=lambda line: f"{line.site.slug}.{line.domain}",
        row_url=_site_url,
        row_name=lambda line: f"{line.site.name}, {DOMAINS[line.domain]}",
        nothing="people/nothing.html#coverage",
    )  # fmt: skip


def site_table(*, names: bool) -> Table:
    columns = (
        Column("skill", "Skill", "covered.requirement.skill_name", sort=True, locked=True, phone="title",
               url=lambda line: link("skill-detail", line.covered.requirement.skill_id)),
        Column("domain", "Domain", "covered.requirement.domain",
               text=lambda line: DOMAINS[line.covered.requirement.domain], sort=True, default=not names),
        Column("state", "Coverage", lambda line: line.covered.cover.value, states="cover", phone="status",
               sort=lambda line: ORDER.index(line.covered.cover)),
        Column("level", "Level", "covered.requirement.level", numeric=True),
        Column("because", "Why", "covered.requirement.because", phone="full"),
        Column("rule", "Rule", default=False,
               value=lambda line: f"{line.covered.requirement.name}, version {line.covered.requirement.version}"),
        Column("people", "Needed", "covered.requirement.people", numeric=True),
        Column("there", "Qualified", lambda line: len(line.covered.qualified), sort=True, numeric=True),
        Column("on_call", "On call", lambda line: len(line.covered.on_call), numeric=True,
               hint="Qualified people with a shift within 30 days"),
        Column("expiring", "Ends in 30 days", lambda line: len(line.covered.expiring), numeric=True,
               default=not names),
        Column("names", "Who", lambda line: ", ".join(line.names), phone="full",
               template="people/coverage/names_cell.html"),
    )  # fmt: skip
    return Table(
        id="site-coverage",
        label="What the site requires of people",
        noun=("requirement", "requirements"),
        columns=tuple(column for column in columns if names or column.key != "names"),
        default_sort="state",
        row_id="covered.requirement.key",
        row_name="covered.requirement.skill_name",
        nothing="people/nothing.html#site-coverage",
    )


STANDINGS = {
    "qualified": ("Qualified", "ok"),
    "unqualified": ("Lacks a skill", "warn"),
    "uncovered": ("Not covered", "bad"),
}


def holder_names(holders: Iterable[Shift], row: DutyRow) -> str:
    """Return who has the duty, if the reader may know; otherwise "covered" or "nobody"."""
    shifts = list(holders)
    if not sees_names():
        return "covered" if any(holder.person for holder in shifts) else "nobody"
    return ", ".join(_named(holder, row) for holder in shifts) or "nobody"


def _named(holder: Shift, row: DutyRow) -> str:
    if holder.person is not None:
        also = row.elsewhere.get(holder.person.pk, ()) if holder.level == PRIMARY else ()
        return name_of(holder.person) + (f" (also primary of {', '.join(also)})" if also else "")
    if holder.is_double:
        names = " and ".join(map(name_of, row.doubles))
        return f"nobody: {names} {'are' if len(row.doubles) > 1 else 'is'} primary already"
    if holder.is_on_leave:
        return "nobody: on leave"
    return f"{holder.unknown_name} (unknown)" if holder.unknown_name else "nobody"


def times(holders: Sequence[Shift]) -> str:
    return "; ".join(f"{instant(each.starts_at)} – {instant(each.ends_at)}" for each in holders)


def handover_at(row: DutyRow) -> str:
    return instant(row.next_shift.starts_at) if row.next_shift else "none planned"


def next_holder(row: DutyRow) -> str:
    return name_of(row.next_shift.person) if sees_names() and row.next_shift and row.next_shift.person else ""


AHEAD = {"short": ("Short", "bad"), "not-planned": ("Not planned", "warn")}


@dataclass(frozen=True, slots=True)
class CoverCounts:
    """Shifts that are short within 14 and 60 days, at so many sites, and spans without a shift."""

    soon: int
    short: int
    sites: int
    unplanned: int


def cover_counts(lines: Iterable[CoverLine], *, now: datetime) -> CoverCounts:
    all_lines, soon_until = list(lines), now + timedelta(days=PROBLEM_DAYS)
    short = [line for line in all_lines if line.span.standing == "short"]
    return CoverCounts(
        soon=sum(line.span.starts_at < soon_until for line in short),
        short=len(short),
        sites=len({line.site.pk for line in short}),
        unplanned=len(all_lines) - len(short),
    )


def _names(span: CoverSpan, names: Mapping[int, str]) -> str:
    present = sorted(names[person] for person in span.people & names.keys())
    doubles = sorted(f"{names[person]} is primary already" for person in span.doubles & names.keys())
    return "; ".join([*([", ".join(present)] if present else []), *doubles])


def _cover_filters(lines: Sequence[CoverLine]) -> tuple[RowFilter, ...]:
    sites = {line.site.slug: line.site for line in lines}
    regions = {site.region.slug: site.region.name for site in sites.values()}
    return (
        RowFilter("standing", "Standing", "span.standing", [(key, word) for key, (word, _) in AHEAD.items()]),
        RowFilter("domain", "Domain", "span.domain", DomainChoices.choices),
        RowFilter("site", "Site", "site.slug", [(slug, site.name) for slug, site in sorted(sites.items())]),
        RowFilter("region", "Region", "site.region.slug", sorted(regions.items())),
    )


NOTHING_SHORT = {
    "title": "No shift ahead is short",
    "text": "Shifts with too few people, and hours that no rotation covers, appear here.",
    "icon": "circle-check",
    "page": "rotation-list",
    "action_label": "Rotations",
}


def cover_table(lines: Sequence[CoverLine]) -> Table:
    """Names are read only where a row shows them; one statement."""

    @cache
    def names() -> dict[int, str]:
        return names_of(person for line in lines for person in line.span.people | line.span.doubles)

    columns = (
        Column("starts_at", "From", "span.starts_at", text=lambda row: instant(row.span.starts_at), sort=True),
        Column("ends_at", "Until", "span.ends_at", text=lambda row: instant(row.span.ends_at), sort=True),
        Column("site", "Site", "site.name", url=lambda row: link("site", row.site.slug), sort=True, locked=True,
               phone="title", export="site.slug"),
        Column("domain", "Domain", "span.domain", text=lambda row: DOMAINS[row.span.domain], sort=True),
        Column("standing", "Standing", "span.standing", text=lambda row: AHEAD[row.span.standing][0],
               sort=lambda row: row.span.standing != "short", tone=lambda row: AHEAD[row.span.standing][1],
               phone="status"),
        Column("qualified", "Qualified", lambda row: len(row.span.qualified), sort=True, numeric=True,
               text=lambda row: f"{len(row.span.qualified)} of {row.span.needed}",
               hint="Of the skill that the fewest people on call have"),
        Column("needed", "Needed", "span.needed", numeric=True, default=False),
        Column("lacks", "Lacks", lambda row: "; ".join(map(str, row.span.lacks)), phone="full"),
        Column("names", "On call", lambda row: _names(row.span, names()), phone="full"),
        Column("region", "Region", "site.region.name", sort=True, default=False),
    )  # fmt: skip
    return Table(
        id="cover-ahead",
        noun=("shift", "shifts"),
        label="Shifts ahead that are short or not planned",
        columns=tuple(column for column in columns if sees_names() or column.key != "names"),
        filters=_cover_filters(lines),
        default_sort="standing",
        row_id="id",
        row_url=lambda row: link("on-call", at=plain(row.span.starts_at), site=row.site.slug, domain=row.span.domain),
        row_name=lambda row: f"{row.site.name}, {DOMAINS[row.span.domain]}, {instant(row.span.starts_at)}",
        empty=NOTHING_SHORT,
    )  # fmt: skip


HANDOVER = (Column("handover", "Next hand-over", handover_at), Column("next", "To", next_holder))


def duties(rows: Iterable[DutyRow]) -> Table:
    duty_rows = list(rows)
    regions = {row.site.region.slug: row.site.region.name for row in duty_rows}
    return Table(
        id="duties",
        noun=("domain of a site", "domains of sites"),
        label="On call",
        columns=(
            Column("site", "Site", "site.name", url=lambda row: link("site", row.site.slug), sort=True,
                   locked=True, phone="title", export="site.slug"),
            Column("domain", "Domain", "domain_label", sort=True, locked=True),
            Column("standing", "Standing", text=lambda row: STANDINGS[row.standing][0],
                   sort=lambda row: WORST_FIRST.index(row.standing),
                   tone=lambda row: STANDINGS[row.standing][1], phone="status"),
            Column("primary", "Primary", lambda row: holder_names(row.primary, row), sort=True),
            Column("primary_times", "Primary from, until", lambda row: times(row.primary), default=False),
            Column("secondary", "Secondary", lambda row: holder_names(row.secondary, row), sort=True),
            Column("secondary_times", "Secondary from, until", lambda row: times(row.secondary), default=False),
            Column("lacks", "Lacks", lambda row: "; ".join(map(str, row.lacks)), phone="row"),
            *HANDOVER,
            Column("rotation", "Rotation", lambda row: ", ".join(map(str, row.rotations)),
                   url=lambda row: link("rotation-detail", row.rotations[0].pk)),
        ),
        filters=(
            RowFilter("site", "Site", "site.slug", [*{row.site.slug: row.site.name for row in duty_rows}.items()]),
            RowFilter("region", "Region", "site.region.slug", sorted(regions.items())),
            RowFilter("domain", "Domain", "domain", DomainChoices.choices),
            RowFilter("standing", "Standing", "standing", [(key, label) for key, (label, _) in STANDINGS.items()]),
        ),
        default_sort="standing",
        row_id="id",
        row_name=lambda row: f"{row.site.name}, {row.domain_label}",
        empty={
            "title": "No rotation serves a site yet",
            "text": "The people on call for each domain of a site appear here. A rotation says who takes turns where.",
            "icon": "users-group",
            "page": "rotation-list",
            "action_label": "Rotations",
        },
    )  # fmt: skip


def costs(amounts: Mapping[str, float]) -> str:
    """Costs by currency in words; nothing is converted: "1,240 EUR, 300 USD"."""
    return ", ".join(f"{number(amount)} {currency}" for currency, amount in sorted(amounts.items()))


def rest_words(duty: PersonDuty) -> str:
    return "" if duty.least_rest_h is None else f"{duty.least_rest_h:.1f}"


HOURS = Table(
    id="on-call-hours",
    noun=("person", "people"),
    label="Hours on call",
    columns=(
        Column("person", "Person", url=lambda row: link("person", row.person.pk), locked=True,
               sort=lambda row: row.person.name, phone="title"),
        Column("hours", "Hours", "load.hours", lambda row: f"{row.load.hours:.1f}", sort=True, numeric=True,
               hint="At any level; what overlaps counts once",
               tone=lambda row: "bad" if row.load.is_overloaded else ""),
        Column("share", "Share of the time", "load.share", lambda row: f"{row.load.share:.1f} %", sort=True,
               numeric=True, file_unit="%"),
        Column("overtime", "Overtime", "load.overtime", lambda row: f"{row.load.overtime:.1f}", sort=True,
               numeric=True, hint="Hours outside 8:00 to 18:00 on weekdays, in the rotation’s zone", file_unit="h"),
        Column("cost", "Cost of overtime", lambda row: costs(row.duty.costs), numeric=True,
               sort=lambda row: sum(row.duty.costs.values()),
               hint="By the duty rule of each rotation, in its currency"),
        Column("rest", "Rest breaches", lambda row: row.duty.count("rest"), sort=True, numeric=True,
               hint="Shifts with less rest between them than the duty rule asks for, or too long to leave it",
               tone=lambda row: "warn" if row.duty.count("rest") else ""),
        Column("least_rest", "Least rest", "duty.least_rest_h", lambda row: rest_words(row.duty), sort=False,
               numeric=True, file_unit="h", default=False),
        Column("week", "Hours a week", "duty.week_h", lambda row: f"{row.duty.week_h:.1f}", sort=True, numeric=True,
               file_unit="h", hint="On average at the end of the time shown, by the duty rule",
               tone=lambda row: "warn" if row.duty.count("week") else ""),
        Column("shifts", "Shifts", "load.shifts", sort=True, numeric=True),
        Column("overloaded", "Overloaded", lambda row: "yes" if row.load.is_overloaded else "no", sort=True,
               hint="More than 15 % over the mean of all who are listed"),
    ),
    default_sort="-hours",
    row_id="person.pk",
    row_name=lambda row: str(row.person),
    empty={
        "title": "Nobody was on call",
        "text": "Each person's hours on call appear here. No shift lies in this time; rotations plan them.",
        "icon": "clock",
        "page": "rotation-list",
        "action_label": "Rotations",
    },
)  # fmt: skip


TOO_FEW = f"fewer than {SMALL_GROUP}"
SURVEY_TEAMS = Table(
    id="survey-teams",
    noun=("team", "teams"),
    label="Agreement with the record",
    columns=(
        Column("team", "Team", sort=True, locked=True, phone="title"),
        Column("site", "Site", "site.name", url=lambda row: page_url(row.site), sort=True, export="site.slug"),
        Column("percent", "Agree", "share.percent", numeric=True, file_unit="%",
               sort=lambda row: row.share.percent if row.share else -1,
               text=lambda row: f"{row.share.percent:.0f} %" if row.share else TOO_FEW),
        Column("answers", "Answers", "share.total", numeric=True,
               text=lambda row: row.share.total if row.share else TOO_FEW),
    ),
    row_id=lambda row: f"{row.site.slug}-{row.team}",
    row_url=lambda row: "",
    row_name="team",
    empty={"title": "Nobody has answered", "text": "Teams are listed once somebody answers.", "icon": "help-circle"},
)  # fmt: skip
