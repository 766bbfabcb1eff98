"""Columns of coverage: sites by domain, and the requirements of one site."""

from collections.abc import Sequence
from typing import Any

from readiness.people.core.coverage import CoverDepth
from readiness.people.coverage.fleet import DomainLine, RequirementLine
from readiness.people.models import WorkDomain
from web.links import link
from web.states import STATES
from web.tables import Column, RowFilter, Table

DOMAINS = dict(WorkDomain.choices)
DEPTHS = [(depth.value, STATES["cover"][depth].word) for depth in CoverDepth]
ORDER = list(CoverDepth)
ENDS = "expiring"


def _site_url(line: DomainLine) -> str:
    return link("site-coverage", line.site.slug)


def _count(key: str, label: str) -> Column:
    def value(line: DomainLine) -> int:
        return line.counts[key]

    return Column(key, label, value, sort=True, numeric=True)


def _states(line: DomainLine) -> frozenset[str]:
    return frozenset([line.depth.value, *([ENDS] if line.expiring else [])])


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
            RowFilter("state", "Coverage", _states, [*DEPTHS, (ENDS, "Ends in 30 days")]),
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


def _rule(line: RequirementLine) -> str:
    asked = line.covered.requirement
    return f"{asked.name}, version {asked.version}"


def site_table(*, names: bool) -> Table:
    def there(line: RequirementLine) -> Any:
        return len(line.covered.qualified)

    columns = (
        Column("skill", "Skill", "covered.requirement.skill_name", sort=True, locked=True, phone="title",
               url=lambda line: link("skill-detail", line.covered.requirement.skill_id)),
        Column("domain", "Domain", "covered.requirement.domain",
               text=lambda line: DOMAINS[line.covered.requirement.domain], sort=True, default=not names),
        Column("state", "Coverage", lambda line: line.covered.cover.value, states="cover", phone="status",
               sort=lambda line: ORDER.index(line.covered.cover)),
        Column("level", "Level", "covered.requirement.level", numeric=True),
        Column("because", "Why", "covered.requirement.because", phone="full"),
        Column("rule", "Rule", _rule, default=False),
        Column("people", "Needed", "covered.requirement.people", numeric=True),
        Column("there", "Qualified", there, sort=True, numeric=True),
        Column("on_call", "On call", lambda line: len(line.covered.on_call), numeric=True,
               hint="Qualified people with a shift within 30 days"),
        Column("expiring", "Ends in 30 days", lambda line: len(line.covered.expiring), numeric=True,
               default=not names),
        Column("names", "Who", lambda line: ", ".join(line.names), phone="full"),
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
