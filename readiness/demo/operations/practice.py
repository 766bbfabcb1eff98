"""Procedures, alert rules and drills of the demo's operator, and two surveys: one answered, one open."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q

from inventory.models import Site
from readiness.demo.building import write
from readiness.demo.core.plan import book
from readiness.demo.core.records import share
from readiness.demo.operations.made import DemoObjects, written
from readiness.demo.operations.staffing import (
    Crews,
    Workforce,
    crews_of,
    staffed_of,
    staffed_since,
)
from readiness.organisation.people.models import (
    AlertRule,
    Drill,
    DrillAction,
    Exercise,
    Participant,
    Person,
    Procedure,
    Staffing,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    Team,
)
from readiness.organisation.people.queries.standing import reviewed

DOCUMENTS = "p4-documentation-currency"
DOCUMENT_DAYS = 365
LONG_AGO = timedelta(days=1000)
REVIEWED_BEFORE = timedelta(days=3)
"""A document of the demo is reviewed this long before its review is due."""


def write_practice(
    sites: Mapping[str, Site], workforce: Workforce, objects: DemoObjects, *, now: datetime
) -> None:
    people_book, teams, staffed = book("people"), workforce.teams, staffed_of(sites)
    runbooks = _write_procedures(people_book, staffed, teams, objects, now=now)
    AlertRule.objects.bulk_create(
        AlertRule(
            site=site,
            name=row["name"],
            is_critical=row["critical"],
            runbook=runbooks.get(row.get("runbook", "")),
        )
        for name, site in staffed.items()
        for row in people_book["alert_rules"]
        if row.get("site", name) == name
    )
    hold_drills(staffed, workforce.crews, after=now - LONG_AGO, until=now, loaded_at=now)
    for row in people_book["actions"]:
        if row["site"] in staffed:
            drill = Drill.objects.filter(site=staffed[row["site"]]).latest("held_at")
            DrillAction.objects.create(
                drill=drill,
                text=row["text"],
                team=teams[row["team"]],
                due_at=now - timedelta(days=row["due"]),
            )
    for row in people_book["surveys"]:
        _write_survey(row, staffed, objects, now=now)


def _write_procedures(
    people_book: Mapping[str, Any],
    sites: Mapping[str, Site],
    teams: Mapping[str, Team],
    objects: DemoObjects,
    *,
    now: datetime,
) -> dict[str, Procedure]:
    """Write documents of each site and common runbooks; returns the runbooks by slug."""
    reviewed_at = now - timedelta(days=book("records")["routine"][DOCUMENTS]["until"])
    texts = {"kind": Procedure.Kind.RUNBOOK, "version": "2", "reviewed_at": reviewed_at}
    rows = [row | texts | people_book["runbook_fields"] for row in people_book["runbooks"]]
    Procedure.objects.bulk_create(
        Procedure(
            site=site,
            slug=f"{site.slug}-{kind}",
            title=title.format(site=name),
            kind=kind,
            version="1",
            reviewed_at=reviewed_at,
            subject_changed_at=now - timedelta(days=changed) if changed else None,
            review_days=DOCUMENT_DAYS,
        )
        for name, site in sites.items()
        for kind, title in people_book["documents"].items()
        if kind not in people_book["documents_missing"].get(name, ())
        for changed in [people_book["documents_behind"].get(name, {}).get(kind)]
    )
    return written(Procedure, rows, objects, owner=teams)


def hold_drills(
    sites: Mapping[str, Site], crews: Crews, *, after: datetime, until: datetime, loaded_at: datetime
) -> int:
    """Hold the drills between two instants; returns their number."""
    people_book = book("people")
    runbooks = {each.slug: each for each in Procedure.objects.filter(kind=Procedure.Kind.RUNBOOK)}
    drills = [
        (
            row["runbooks"],
            Drill(
                site=site,
                **{key: row[key] for key in ("name", "scenario")},
                held_at=held_at,
                result=(Drill.Result.PASSED, Drill.Result.WITH_ACTIONS)[turn % 2],
            ),
        )
        for place, (name, site) in enumerate(sorted(sites.items()))
        for turn, age in enumerate(_drill_ages(name, people_book["drill_every"], (loaded_at - until).days))
        if after < (held_at := loaded_at - timedelta(days=age)) <= until
        for row in [people_book["drills"][(turn + place) % len(people_book["drills"])]]
    ]
    domains = {group["key"]: group["domain"] for group in people_book["groups"]}
    write(
        (drill for _, drill in drills),
        (Exercise(drill=drill, procedure=runbooks[slug]) for slugs, drill in drills for slug in slugs),
        (
            Participant(drill=drill, person=person, domain=domains[key])
            for _, drill in drills
            for key in ("leads", *_groups_at(people_book, drill.site.name))
            for person in crews[key]
        ),
    )
    return len(drills)


def _drill_ages(site: str, every: int, until: int) -> range:
    first = staffed_since(site) - int(min(30, staffed_since(site) / 2) * share(site, "drill"))
    return range(first, until - 1, -every)


def _groups_at(people_book: Mapping[str, Any], site: str) -> Sequence[str]:
    return [
        key
        for rotation in people_book["rotations"]
        if site in rotation["sites"]
        for layer in rotation["layers"]
        if "to" not in layer
        for key in layer["groups"]
    ]


def keep_practice(
    sites: Mapping[str, Site],
    person_ids: Sequence[int],
    *,
    loaded_at: datetime,
    last_at: datetime,
    now: datetime,
) -> int:
    """Hold the drills due since `last_at`, and review each document before it is due; returns their number."""
    staffed = staffed_of(sites)
    crews = crews_of({person.name: person for person in Person.objects.filter(pk__in=person_ids)})
    if not staffed or not crews["leads"]:
        return 0
    drill_count = hold_drills(staffed, crews, after=last_at, until=now, loaded_at=loaded_at)
    ours = Q(site__in=staffed.values()) | Q(slug__in=[row["slug"] for row in book("people")["runbooks"]])
    due = reviewed(now=now + REVIEWED_BEFORE).filter(ours, subject_changed_at=None, is_overdue=True)  # type: ignore[misc]
    return drill_count + due.update(reviewed_at=now)


def _write_survey(
    row: Mapping[str, Any], sites: Mapping[str, Site], objects: DemoObjects, *, now: datetime
) -> None:
    opens_at, closes_at = (now - timedelta(days=row[edge]) for edge in ("opens", "closes"))
    survey = Survey.objects.create(title=row["title"], opens_at=opens_at, closes_at=closes_at)
    objects.note([survey])
    questions = [
        (
            question_row,
            SurveyQuestion(
                survey=survey,
                site=site,
                text=question_row["text"],
                kind=question_row["kind"],
                choices=question_row.get("choices", []),
                truth=_truth(question_row, site),
                truth_source=question_row.get("source", ""),
            ),
        )
        for _, site in sorted(sites.items())
        for question_row in row["questions"]
    ]
    SurveyQuestion.objects.bulk_create([question for _, question in questions])
    present = Prefetch("team__people", Person.objects.present(now).order_by("pk"), "present")
    staffings = Staffing.objects.filter(site__in=sites.values()).select_related("team").order_by("pk")
    SurveyAnswer.objects.bulk_create(
        SurveyAnswer(
            question=question,
            person=person,
            team=staffing.team,
            value=_survey_answer(question_row, question, staffing.team.slug, place),
            answered_at=opens_at + timedelta(hours=5 * (place + 1)),
        )
        for staffing in staffings.prefetch_related(present)
        for question_row, question in questions
        if question.site_id == staffing.site_id
        for place, person in enumerate(staffing.team.present[: row["asked_of_team"]])  # type: ignore[attr-defined]
    )


def _truth(question_row: Mapping[str, Any], site: Site) -> str:
    if question_row["kind"] == SurveyQuestion.Kind.NUMBER:
        return f"{getattr(site, question_row['truth']):g}"
    return str(question_row.get("truth", ""))


def _survey_answer(question_row: Mapping[str, Any], question: SurveyQuestion, team: str, place: int) -> str:
    """Estimates differ by team; other answers match the records, except for every n-th person of some teams."""
    if question.kind == SurveyQuestion.Kind.ESTIMATE:
        return str(question_row["by_team"][team])
    nth = question_row["otherwise"].get(team)
    return str(question_row["instead"]) if nth and place % nth == 0 else question.truth
