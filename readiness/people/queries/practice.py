"""Records of procedures, drills and surveys at sites."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
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

from readiness.people.core.coverage import SiteCoverage
from readiness.people.core.practice import (
    DOCUMENT_REVIEW,
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
    Procedure,
    SurveyAnswer,
    SurveyQuestion,
)

type BySite[Row] = dict[int, list[Row]]


def practice_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, SitePractice]:
    """Leave out sites of which nothing is recorded. Six statements, however many sites."""
    if not covered:
        return {}
    ids = sorted(covered)
    drills, rules, written, answers = _drills(ids), _rules(ids), _written(ids, now), _answers(ids)
    return {
        site_id: SitePractice(
            now=now,
            on_call=frozenset(covered[site_id].on_call),
            drills=tuple(drills[site_id]),
            rules=tuple(rules[site_id]),
            written=tuple(written[site_id]),
            answers=tuple(answers[site_id]),
        )
        for site_id in ids
        if drills[site_id] or rules[site_id] or written[site_id] or answers[site_id]
    }


def _drills(ids: Collection[int]) -> BySite[HeldDrill]:
    held = Drill.objects.filter(site__in=ids).exclude(result=Drill.Result.PLANNED).order_by("pk")
    present: dict[int, dict[int, str]] = defaultdict(dict)
    took_part = Participant.objects.filter(drill__in=held.order_by()).order_by("pk")
    for drill_id, person_id, domain in took_part.values_list("drill_id", "person_id", "domain"):
        present[drill_id][person_id] = domain
    drills: BySite[HeldDrill] = defaultdict(list)
    for pk, site_id, held_at in held.values_list("pk", "site_id", "held_at"):
        drills[site_id].append(HeldDrill(held_at=held_at, present=present[pk]))
    return drills


def _rules(ids: Collection[int]) -> BySite[PagingRule]:
    rules: BySite[PagingRule] = defaultdict(list)
    for site_id, row in _of_site_or_all(
        AlertRule.objects.order_by("name", "pk"), ids, "name", "is_critical", "runbook_id"
    ):
        rules[site_id].append(PagingRule(**row))
    return rules


def _written(ids: Collection[int], now: datetime) -> BySite[WrittenProcedure]:
    # The first drill counts: a runbook that was exercised stays so.
    held = Exercise.objects.filter(drill__site__in=ids).exclude(drill__result=Drill.Result.PLANNED)
    first = held.order_by().values_list("drill__site_id", "procedure_id").annotate(Min("drill__held_at"))
    exercised = {(site_id, procedure_id): held_at for site_id, procedure_id, held_at in first}
    texts = reviewed(now=now).annotate(is_own=Q(site__isnull=False), has_version=Q(version__regex=r"\S"))
    columns = ("id", "kind", "title", "is_own", "has_version", "is_overdue")
    moments = ("reviewed_at", "due_at", "subject_changed_at")
    written: BySite[WrittenProcedure] = defaultdict(list)
    for site_id, row in _of_site_or_all(texts.order_by("title", "pk"), ids, *columns, *moments):
        exercised_at = exercised.get((site_id, row["id"]))
        written[site_id].append(WrittenProcedure(**row, exercised_at=exercised_at))
    return written


def _of_site_or_all(
    rows: QuerySet[Any], ids: Collection[int], *columns: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows by the site that they are of; those without one are of each."""
    for row in rows.filter(Q(site__in=ids) | Q(site=None)).values("site_id", *columns):
        of_site = row.pop("site_id")
        for site_id in ids if of_site is None else (of_site,):
            yield site_id, row


def _answers(ids: Collection[int]) -> BySite[GivenAnswer]:
    """Answers that the record can judge; estimates are judged by the verdict, above."""
    answers: BySite[GivenAnswer] = defaultdict(list)
    rows = SurveyAnswer.objects.filter(question__site__in=ids).exclude(
        question__kind=SurveyQuestion.Kind.ESTIMATE
    )
    for site_id, answer in given_answers(rows):
        answers[site_id].append(answer)
    return answers


def given_answers(rows: QuerySet[SurveyAnswer]) -> Iterator[tuple[int, GivenAnswer]]:
    """Answers by site, held against the record. One statement."""
    columns = (
        "question__site_id",
        "question_id",
        "question__truth",
        "value",
        "person_id",
        "team__name",
        "answered_at",
    )
    for site_id, question_id, truth, value, person_id, team, at in rows.order_by("pk").values_list(*columns):
        yield (
            site_id,
            GivenAnswer(
                question_id=question_id,
                value=value,
                person_id=person_id,
                team=team,
                answered_at=at,
                agrees=same_answer(value, truth),
            ),
        )


def reviewed(*, now: datetime) -> QuerySet[Procedure]:
    """Procedures with when their review is due, and whether it is overdue."""
    is_document, day = Q(kind__in=Procedure.DOCUMENTS), Value(timedelta(days=1), DurationField())
    every = Case(
        When(is_document, then=Value(DOCUMENT_REVIEW)),
        default=ExpressionWrapper(F("review_days") * day, DurationField()),
        output_field=DurationField(),
    )
    is_behind = is_document & Q(subject_changed_at__lte=now, reviewed_at__lt=F("subject_changed_at"))
    is_overdue = Q(reviewed_at=None) | Q(reviewed_at__gt=now) | Q(due_at__lte=now) | is_behind
    return Procedure.objects.annotate(
        due_at=ExpressionWrapper(F("reviewed_at") + every, DateTimeField())
    ).annotate(is_overdue=ExpressionWrapper(is_overdue, BooleanField()))


def procedures(*, now: datetime) -> QuerySet[Procedure]:
    """The same with when they were last exercised."""
    held = Q(exercises__drill__held_at__lte=now) & ~Q(exercises__drill__result=Drill.Result.PLANNED)
    exercised_at = Max("exercises__drill__held_at", filter=held)
    return reviewed(now=now).select_related("site", "owner").annotate(exercised_at=exercised_at)
