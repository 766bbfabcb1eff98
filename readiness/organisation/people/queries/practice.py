"""Records of procedures, drills and surveys at sites."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Max, Min, Q, QuerySet, Value, When

from readiness.organisation.people.core import practice as core
from readiness.organisation.people.core.coverage import SiteCoverage
from readiness.organisation.people.models import (
    AlertRule,
    Drill,
    Exercise,
    Participant,
    Procedure,
    SurveyAnswer,
    SurveyQuestion,
)
from web.rows import rows_as

type BySite[Row] = dict[int, list[Row]]


def practice_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, core.SitePractice]:
    """Leave out sites of which nothing is recorded. Six statements, however many sites."""
    if not covered:
        return {}
    ids = sorted(covered)
    answered = SurveyAnswer.objects.filter(question__site__in=ids)
    # Estimates are judged by the verdict, above.
    answers = given_answers(answered.exclude(question__kind=SurveyQuestion.Kind.ESTIMATE))
    rules = rows_as(core.PagingRule, _filter_sites(AlertRule.objects.order_by("name", "pk"), ids))
    rows_by_name: dict[str, BySite[Any]] = {
        "drills": _drills(ids),
        "rules": _group_by_site(rules, ids),
        "written": _written(ids, now),
        "answers": _group_by_site(answers, ids),
    }
    return {
        site_id: core.SitePractice(
            now=now,
            on_call=frozenset(covered[site_id].on_call),
            **{name: tuple(rows[site_id]) for name, rows in rows_by_name.items()},
        )
        for site_id in ids
        if any(rows[site_id] for rows in rows_by_name.values())
    }


def _drills(ids: Collection[int]) -> BySite[core.HeldDrill]:
    drills_held = Drill.objects.filter(site__in=ids).exclude(result=Drill.Result.PLANNED).order_by("pk")
    present: dict[int, dict[int, str]] = defaultdict(dict)
    took_part = Participant.objects.filter(drill__in=drills_held.order_by()).order_by("pk")
    for drill_id, person_id, domain in took_part.values_list("drill_id", "person_id", "domain"):
        present[drill_id][person_id] = domain
    drills: BySite[core.HeldDrill] = defaultdict(list)
    for pk, site_id, held_at in drills_held.values_list("pk", "site_id", "held_at"):
        drills[site_id].append(core.HeldDrill(held_at=held_at, present=present[pk]))
    return drills


def _written(ids: Collection[int], now: datetime) -> BySite[core.WrittenProcedure]:
    # The first drill counts: a runbook that was exercised stays so.
    exercises = Exercise.objects.filter(drill__site__in=ids).exclude(drill__result=Drill.Result.PLANNED)
    first = exercises.order_by().values_list("drill__site_id", "procedure_id").annotate(Min("drill__held_at"))
    exercised = {(site_id, procedure_id): held_at for site_id, procedure_id, held_at in first}
    texts = reviewed(now=now).annotate(has_version=Q(version__regex=r"\S")).order_by("title", "pk")
    written = _group_by_site(rows_as(core.WrittenProcedure, _filter_sites(texts, ids)), ids)
    return defaultdict(list) | {
        site_id: [replace(each, exercised_at=exercised.get((site_id, each.id))) for each in of_site]
        for site_id, of_site in written.items()
    }


def _filter_sites(rows: QuerySet[Any], ids: Collection[int]) -> QuerySet[Any]:
    return rows.filter(Q(site__in=ids) | Q(site=None))


def _group_by_site(rows: Iterable[Any], ids: Collection[int]) -> BySite[Any]:
    """Rows without a site belong to every site."""
    by_site: BySite[Any] = defaultdict(list)
    for row in rows:
        for site_id in ids if row.site_id is None else (row.site_id,):
            by_site[site_id].append(row)
    return by_site


def given_answers(rows: QuerySet[SurveyAnswer]) -> Iterator[core.GivenAnswer]:
    of_question = {"site_id": "question__site_id", "truth": "question__truth"}
    return rows_as(core.GivenAnswer, rows.order_by("pk"), team="team__name", **of_question)


def reviewed(*, now: datetime) -> QuerySet[Procedure]:
    """Procedures with when their review is due, and whether it is overdue."""
    is_document, day = Q(kind__in=Procedure.DOCUMENTS), Value(timedelta(days=1), models.DurationField())
    every = Case(
        When(is_document, then=Value(core.DOCUMENT_REVIEW)),
        default=ExpressionWrapper(F("review_days") * day, models.DurationField()),
        output_field=models.DurationField(),
    )
    is_behind = is_document & Q(subject_changed_at__lte=now, reviewed_at__lt=F("subject_changed_at"))
    is_overdue = Q(reviewed_at=None) | Q(reviewed_at__gt=now) | Q(due_at__lte=now) | is_behind
    return Procedure.objects.annotate(
        due_at=ExpressionWrapper(F("reviewed_at") + every, models.DateTimeField())
    ).annotate(is_overdue=ExpressionWrapper(is_overdue, models.BooleanField()))


def procedures(*, now: datetime) -> QuerySet[Procedure]:
    """The same with when they were last exercised."""
    was_held = Q(exercises__drill__held_at__lte=now) & ~Q(exercises__drill__result=Drill.Result.PLANNED)
    exercised_at = Max("exercises__drill__held_at", filter=was_held)
    return reviewed(now=now).select_related("site", "owner").annotate(exercised_at=exercised_at)
