"""The page of people and skills with one cell opened beside it; each part can be loaded alone."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from readiness.organisation.people.kinds.tabs import tabs
from readiness.organisation.people.models import Person, Skill
from readiness.organisation.people.skill_matrix import queries, tables
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import link
from web.reports import Report
from web.tables.addresses import Address
from web.tables.filtering import narrowed
from web.visibility import sees_names

CELL, PANEL_REGION = "cell", "evidence"
TEMPLATE = "people/skills/page.html"
MAY_SEE = ("inventory.view_site", "people.view_team", "people.view_skill")
SEES_QUALIFICATIONS = "people.view_qualification"
MATRIX = Report(TEMPLATE, *MAY_SEE)


@MATRIX.reads
def matrix(request: HttpRequest) -> HttpResponseBase:
    at, names = now(), _sees_people(request)
    address = Address(request, path=request.path, filters=("team", "site", "domain") if names else ())
    if request.headers.get("HX-Target", "").partition("#")[2] == PANEL_REGION:
        return answers.page(request, f"{TEMPLATE}#evidence", _panel(request, address, at))
    context = _people(request, address, at) if names else _teams(request, at)
    table = context["table"]
    if table.export:
        return table_kit.respond(request, TEMPLATE, table)
    context |= {"sees_names": names, "cell_fields": [pair for pair in address.pairs if pair[0] != CELL]}
    if table_kit.wants_table_only(request, table):
        return answers.page(request, f"{TEMPLATE}#matrix", context)
    context |= {"tabs": tabs("skill-matrix")}
    return answers.page(request, TEMPLATE, context | _panel(request, address, at))


def _sees_people(request: HttpRequest) -> bool:
    return sees_names(request.user) and request.user.has_perm(SEES_QUALIFICATIONS)


def _people(request: HttpRequest, address: Address, at: datetime) -> dict[str, Any]:
    skills = queries.skills(address.many("domain"))
    skill_gaps = queries.gaps(address.many("site"), now=at)
    ids = [skill.pk for skill in skills]
    people = queries.people(now=at)
    table = table_kit.page(
        request,
        tables.people_table(skills),
        people,
        prepare=lambda page: queries.rows(page, ids, skill_gaps, now=at),
        counts=False,
    )
    if table.export:
        return {"table": table}
    matching = narrowed(tables.SkillMatrixFilters, people, request.GET)
    rows = [row.object for row in table.rows]
    return {
        "table": table,
        "skills": skills,
        "domains": tables.headings(skills, queries.qualified_counts(matching, now=at), skill_gaps),
        "legend": tables.legend(rows),
        "rows": [
            (row, tables.person_cells(row.object, skills, current_key=address.one(CELL)))
            for row in table.rows
        ],
        "short": sum(skill.pk in skill_gaps.sites for skill in skills),
    }


def _teams(request: HttpRequest, at: datetime) -> dict[str, Any]:
    skills, skill_gaps = queries.skills(), queries.gaps(now=at)
    table = table_kit.page(request, tables.teams_table(skills), queries.team_rows(now=at))
    counts = queries.qualified_counts(queries.people(now=at), now=at)
    return {
        "table": table,
        "skills": skills,
        "domains": tables.headings(skills, counts, skill_gaps),
        "rows": [(row, tables.team_cells(row.object, skills)) for row in table.rows],
        "short": sum(skill.pk in skill_gaps.sites for skill in skills),
    }


def _panel(request: HttpRequest, address: Address, at: datetime) -> dict[str, Any]:
    key = address.one(CELL)
    if not key or not _sees_people(request):
        return {"evidence": None}
    number, _dot, slug = key.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Http404(f"cell: {key} names no person and skill, as in 12.fabric-operations.")
    person = get_object_or_404(Person, pk=int(number))
    skill = get_object_or_404(Skill, slug=slug)
    skill_gaps = queries.gaps(address.many("site"), now=at)
    [row] = queries.rows([person], [skill.pk], skill_gaps, now=at)
    holding = row.skills.get(skill.pk)
    short = skill_gaps.sites.get(skill.pk, frozenset()) if holding and holding.needed else frozenset()
    may_add = request.user.has_perm("people.add_qualification")
    return {
        "evidence": {
            "person": person,
            "skill": skill,
            "teams": row.teams,
            "held": holding,
            "shown": queries.history_of(person, skill),
            "sites": queries.short_sites_of(person, short, now=at),
            "courses": list(skill.courses.order_by("name", "pk")),
            "add_url": link("qualification-add", person=person.pk, skill=skill.pk) if may_add else "",
            "may_assign": request.user.has_perm("people.add_training"),
        },
        "close_url": address.url(without=[CELL]),
        "at": at,
    }
