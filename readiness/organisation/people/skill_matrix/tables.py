"""Columns and cells of the matrix of people and skills: for readers who see names its rows are people, else teams."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import django_filters
from django.db.models import QuerySet

from inventory.models import Site
from readiness.organisation.people.core.skills_held import HeldSkill, SkillStanding
from readiness.organisation.people.models import Membership, Person, Skill, Team, WorkDomain
from readiness.organisation.people.skill_matrix.queries import PersonSkills, SkillGaps, TeamSkills
from web import clock
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Existing
from web.states import STATES
from web.tables import Column, Table
from web.tables.grids import GridCell
from web.units import day, how_many
from web.visibility import name_of

ID = "skill-matrix"
PER_PAGE = 25
DOMAINS = dict(WorkDomain.choices)


class SkillMatrixFilters(ObjectFilterSet):
    """Team and site select people; the site also selects whose gaps are marked, and the domain selects skills."""

    team = AnyOf(
        field_name="slug", inner=Existing(Team, "slug"), commas=True, label="Team", method="filter_teams"
    )
    site = AnyOf(
        field_name="slug", inner=Existing(Site, "slug"), commas=True, label="Site", method="filter_sites"
    )
    domain = django_filters.MultipleChoiceFilter(
        label="Domain of the skill", choices=WorkDomain.choices, method="filter_skills"
    )

    class Meta:
        model = Person
        fields: list[str] = []
        search_fields = ("name", "email", "employer")
        panel = ("team", "site", "domain")

    def filter_teams(self, people: QuerySet[Person], name: str, slugs: list[str]) -> QuerySet[Person]:
        if not slugs:
            return people
        return people.filter(
            pk__in=Membership.objects.filter(team__slug__in=slugs).order_by().values("person")
        )

    def filter_sites(self, people: QuerySet[Person], name: str, slugs: list[str]) -> QuerySet[Person]:
        """People of the teams that staff one of these sites now."""
        if not slugs:
            return people
        now = clock.now()
        teams = Team.objects.present(now).filter(
            staffings__site__slug__in=slugs, staffings__begins_at__lte=now
        )
        teams = teams.exclude(staffings__ends_at__lte=now, staffings__site__slug__in=slugs)
        return people.filter(
            pk__in=Membership.objects.filter(team__in=teams.order_by().values("pk"))
            .order_by()
            .values("person")
        )

    def filter_skills(self, people: QuerySet[Person], name: str, domains: list[str]) -> QuerySet[Person]:
        """The domains select columns."""
        return people


def people_table(skills: Sequence[Skill]) -> Table:
    return Table(
        id=ID,
        label="People and skills",
        noun=("person", "people"),
        filterset=SkillMatrixFilters,
        default_sort="person",
        columns=(
            Column("person", "Person", "person", sort="name", locked=True),
            Column("teams", "Teams", lambda row: ", ".join(row.teams)),
            *(_skill_column(skill) for skill in skills),
        ),
        row_id="person.pk",
        row_url=lambda row: link("person", row.person.pk),
        row_name=lambda row: row.person.name,
        per_page=PER_PAGE,
        empty=NO_PEOPLE,
    )


def teams_table(skills: Sequence[Skill]) -> Table:
    return Table(
        id=ID,
        label="Teams and skills",
        noun=("team", "teams"),
        default_sort="team",
        columns=(
            Column("team", "Team", "team.name", sort=True, locked=True),
            Column("people", "People", sort=True, numeric=True),
            *(_count_column(skill) for skill in skills),
        ),
        row_id="team.pk",
        row_url=lambda row: link("team", row.team.pk),
        row_name="team.name",
        per_page=PER_PAGE,
        empty=NO_PEOPLE,
    )


NO_PEOPLE = {
    "title": "No people yet",
    "text": "People, skills and qualifications are entered or imported under People and Coverage.",
    "icon": "school",
    "page": "people",
    "action_label": "People",
}


def _skill_column(skill: Skill) -> Column:
    def words(row: PersonSkills) -> str:
        holding = row.skills.get(skill.pk)
        return _words(holding) if holding else ""

    return Column(skill.slug, skill.name, words)


def _count_column(skill: Skill) -> Column:
    return Column(skill.slug, skill.name, lambda row: row.qualified.get(skill.pk, 0), numeric=True)


def _words(holding: HeldSkill) -> str:
    """How a person stands with a skill: "level 2, ends 20 Nov 2026"."""
    level = f"level {holding.level}" if holding.level else ""
    match holding.standing:
        case SkillStanding.QUALIFIED:
            return f"{level} until {day(holding.until)}" if holding.until else level
        case SkillStanding.ENDING if holding.until:
            return f"{level}, ends {day(holding.until)}"
        case SkillStanding.DECLARED:
            return f"{level}, declared"
        case SkillStanding.OVER if holding.until:
            return f"{level}, ended {day(holding.until)}"
        case SkillStanding.GAP:
            return ", ".join(filter(None, [level, f"a site is short of level {holding.needed}"]))
    return str(STATES["skill"][holding.standing].word).lower()


def headings(
    skills: Iterable[Skill], counts: Mapping[int, int], skill_gaps: SkillGaps
) -> list[dict[str, Any]]:
    return [
        {
            "label": DOMAINS[domain],
            "skills": [
                {
                    "skill": skill,
                    "first": not place,
                    "qualified": counts.get(skill.pk, 0),
                    "short": len(skill_gaps.sites.get(skill.pk, ())),
                }
                for place, skill in enumerate(of_domain)
            ],
        }
        for domain, of_domain in groupby(skills, key=lambda skill: skill.domain)
    ]


def person_cells(row: PersonSkills, skills: Sequence[Skill], *, current_key: str) -> list[GridCell]:
    cells, domain = [], ""
    for skill in skills:
        holding = row.skills.get(skill.pk)
        key = f"{row.person.pk}.{skill.slug}"
        words = _words(holding) if holding else "not shown"
        cells.append(
            GridCell(
                key=key,
                state=holding.standing if holding else "",
                text=_text(holding),
                label=f"{name_of(row.person)}, {skill.name}: {words}",
                is_next=holding is not None and holding.standing is SkillStanding.GAP,
                is_first=skill.domain != domain,
                is_current=key == current_key,
            )
        )
        domain = skill.domain
    return cells


def team_cells(row: TeamSkills, skills: Sequence[Skill]) -> list[GridCell]:
    cells, domain = [], ""
    for skill in skills:
        number = row.qualified.get(skill.pk, 0)
        label = f"{row.team.name}, {skill.name}: {how_many(number, 'person', 'people')}"
        state = SkillStanding.QUALIFIED if number else ""
        cells.append(GridCell("", state, str(number or ""), label, is_first=skill.domain != domain))
        domain = skill.domain
    return cells


def _text(holding: HeldSkill | None) -> str:
    return str(holding.level) if holding and holding.level else ""


def legend(rows: Collection[PersonSkills]) -> list[tuple[str, int]]:
    counts = dict.fromkeys(SkillStanding, 0)
    for row in rows:
        for holding in row.skills.values():
            counts[holding.standing] += 1
    return [(standing.value, number) for standing, number in counts.items()]
