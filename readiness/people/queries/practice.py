"""Records of procedures, drills and surveys at sites."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)

from inventory.queries import SiteFacts
from readiness.people.core.practice import (
    AROUND,
    DOCUMENT_REVIEW,
    Called,
    GivenAnswer,
    HeldDrill,
    PagingRule,
    SitePractice,
    WrittenProcedure,
    same_answer,
)
from readiness.people.models import (
    AlertRule,
    Drill,
    Exercise,
    Participant,
    Person,
    Procedure,
    Shift,
    SurveyAnswer,
    SurveyQuestion,
)

type BySite[Row] = dict[int, list[Row]]


def practice_of(sites: Mapping[int, SiteFacts], *, now: datetime) -> dict[int, SitePractice]:
    """Leave out sites of which nothing is recorded. Seven statements, however many sites."""
    if not sites:
        return {}
    ids = sorted(sites)
    drills, called, answers = _drills(ids), _called(ids, now), _answers(ids)
    rules, written = _rules(ids), _written(ids)
    practised = {
        site_id: SitePractice(
            now=now,
            drills=tuple(drills[site_id]),
            called=tuple(called[site_id]),
            rules=tuple(rules[site_id]),
            written=tuple(written[site_id]),
            answers=tuple(answers[site_id]),
        )
        for site_id in ids
    }
    return {
        site_id: each
        for site_id, each in practised.items()
        if each.drills or each.rules or each.written or each.answers
    }


def _held() -> Any:
    return Drill.objects.exclude(result=Drill.Result.PLANNED)


def _drills(ids: Collection[int]) -> BySite[HeldDrill]:
    present: dict[int, dict[int, str]] = defaultdict(dict)
    for drill_id, person_id, domain in (
        Participant.objects.filter(drill__in=_held(), drill__site__in=ids)
        .order_by("pk")
        .values_list("drill_id", "person_id", "domain")
    ):
        present[drill_id][person_id] = domain
    drills: BySite[HeldDrill] = defaultdict(list)
    for pk, site_id, held_at in (
        _held().filter(site__in=ids).order_by("pk").values_list("pk", "site_id", "held_at")
    ):
        drills[site_id].append(HeldDrill(held_at=held_at, present=present[pk]))
    return drills


def _called(ids: Collection[int], now: datetime) -> BySite[Called]:
    """Who has shifts here, in the time around `now` or later, so that it is known when that changes."""
    left = Person.objects.left(now).order_by().values("pk")
    shifts = Shift.objects.filter(
        rotation__served__site__in=ids, person__isnull=False, ends_at__gt=now - AROUND
    ).exclude(person__in=left)
    rows = (
        shifts.order_by()
        .values(site=F("rotation__served__site"), who=F("person"), left_at=F("person__left_at"))
        .annotate(first=Min("starts_at"), last=Max("ends_at", filter=Q(starts_at__lt=now + AROUND)))
        .order_by("site", "who")
    )
    called: BySite[Called] = defaultdict(list)
    for row in rows:
        called[row["site"]].append(
            Called(
                person_id=row["who"],
                first_starts_at=row["first"],
                last_ends_at=row["last"],
                left_at=row["left_at"],
            )
        )
    return called


def _rules(ids: Collection[int]) -> BySite[PagingRule]:
    rules: BySite[PagingRule] = defaultdict(list)
    rows = AlertRule.objects.filter(Q(site__in=ids) | Q(site=None)).order_by("name", "pk")
    for site_id, name, is_critical, runbook_id in rows.values_list(
        "site_id", "name", "is_critical", "runbook_id"
    ):
        rule = PagingRule(name=name, is_critical=is_critical, runbook_id=runbook_id)
        for place in _of_site_or_all(site_id, ids):
            rules[place].append(rule)
    return rules


def _written(ids: Collection[int]) -> BySite[WrittenProcedure]:
    exercised: dict[tuple[int, int], datetime] = {}
    held = Exercise.objects.filter(drill__in=_held(), drill__site__in=ids).order_by("-drill__held_at", "pk")
    for site_id, procedure_id, held_at in held.values_list(
        "drill__site_id", "procedure_id", "drill__held_at"
    ):
        # The first drill counts: a runbook that was exercised stays so.
        exercised[site_id, procedure_id] = held_at
    written: BySite[WrittenProcedure] = defaultdict(list)
    for procedure in Procedure.objects.filter(Q(site__in=ids) | Q(site=None)).order_by("title", "pk"):
        for place in _of_site_or_all(procedure.site_id, ids):
            written[place].append(_as_written(procedure, exercised.get((place, procedure.pk))))
    return written


def _as_written(procedure: Procedure, exercised_at: datetime | None) -> WrittenProcedure:
    return WrittenProcedure(
        id=procedure.pk,
        kind=procedure.kind,
        title=procedure.title,
        is_own=procedure.site_id is not None,
        has_version=bool(procedure.version.strip()),
        reviewed_at=procedure.reviewed_at,
        review_days=procedure.review_days,
        subject_changed_at=procedure.subject_changed_at,
        exercised_at=exercised_at,
    )


def _of_site_or_all(site_id: int | None, ids: Collection[int]) -> Iterable[int]:
    return ids if site_id is None else (site_id,)


def _answers(ids: Collection[int]) -> BySite[GivenAnswer]:
    """Answers that the record can judge; estimates are judged by the verdict, above."""
    answers: BySite[GivenAnswer] = defaultdict(list)
    rows = SurveyAnswer.objects.filter(question__site__in=ids).exclude(
        question__kind=SurveyQuestion.Kind.ESTIMATE
    )
    columns = ("question__site_id", "question__truth", "value", "person_id", "team__name", "answered_at")
    for site_id, truth, value, person_id, team, answered_at in rows.order_by("pk").values_list(*columns):
        agrees = same_answer(value, truth)
        answers[site_id].append(
            GivenAnswer(person_id=person_id, team=team, answered_at=answered_at, agrees=agrees)
        )
    return answers


def procedures(*, now: datetime) -> QuerySet[Procedure]:
    """Procedures with when they were last exercised, when their review is due, and whether it is overdue."""
    is_document, day = Q(kind__in=Procedure.DOCUMENTS), Value(timedelta(days=1), DurationField())
    every = Case(
        When(is_document, then=Value(DOCUMENT_REVIEW)),
        default=ExpressionWrapper(F("review_days") * day, DurationField()),
        output_field=DurationField(),
    )
    is_behind = is_document & Q(subject_changed_at__lte=now, reviewed_at__lt=F("subject_changed_at"))
    is_overdue = Q(reviewed_at=None) | Q(reviewed_at__gt=now) | Q(due_at__lte=now) | is_behind
    held = Q(exercises__drill__held_at__lte=now) & ~Q(exercises__drill__result=Drill.Result.PLANNED)
    return (
        Procedure.objects.select_related("site", "owner")
        .annotate(
            due_at=ExpressionWrapper(F("reviewed_at") + every, DateTimeField()),
            exercised_at=Max("exercises__drill__held_at", filter=held),
        )
        .annotate(is_overdue=ExpressionWrapper(is_overdue, BooleanField()))
    )
