"""Lessons with how far each has spread."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import CheckResult
from readiness.loop.lessons.core.spread import LessonSpread, LessonState, lesson_state
from readiness.loop.lessons.models import Lesson
from web.links import link
from web.timeline import TimelineEvent

MAY_SEE = "lessons.view_lesson"
MOST_SITES = 60
MOST_EVENTS = 1000
UNANSWERED = ("unknown", "stale")
"""States of a check without an answer that counts."""
# A check that was there before the lesson has answers that know nothing of it.
_COUNTS_FROM = Case(
    When(kind=Lesson.Kind.PRESENT, then=F("written_at")),
    default=Value(datetime(1970, 1, 1, tzinfo=UTC)),
    output_field=DateTimeField(),
)


def lessons() -> QuerySet[Lesson]:
    """Lessons with the numbers of sites that are asked, have answered, and say that it holds, and the share of answers.

    Answers to a check that was there already count if they are newer than the lesson.
    """
    results = CheckResult.objects.filter(check_id=OuterRef("check_id")).exclude(state="n-a")

    def number_of(rows: QuerySet[CheckResult]) -> Coalesce:
        numbers = rows.order_by().values("check_id").annotate(n=Count("pk"))
        return Coalesce(Subquery(numbers.values("n")), 0)

    answers = results.exclude(state__in=UNANSWERED).exclude(taken_at__lt=OuterRef("counts_from"))
    rows = Lesson.objects.select_related("incident__site", "finding", "draft", "written_by")
    lessons_with_counts = rows.annotate(counts_from=_COUNTS_FROM).annotate(
        site_count=number_of(results),
        answer_count=number_of(answers),
        holding_count=number_of(answers.filter(state="pass")),
    )
    share = Cast(F("answer_count"), FloatField()) / NullIf(Cast(F("site_count"), FloatField()), 0.0)
    return lessons_with_counts.annotate(share=Coalesce(share, 0.0))


def attach_states(rows: Sequence[Any]) -> Sequence[Any]:
    """Add `state` to lessons, by the framework in force."""
    _version, framework = framework_queries.current()
    for lesson in rows:
        # Another threshold is asked once its draft is in force; until then the check has the old one.
        is_asked = lesson.check_id in framework.checks_by_id
        if lesson.kind == Lesson.Kind.THRESHOLD:
            is_asked = is_asked and lesson.draft is not None and lesson.draft.published_at is not None
        has_draft = lesson.draft is not None and lesson.draft.is_draft
        spread = LessonSpread(lesson.site_count, lesson.answer_count, lesson.holding_count)
        lesson.state = lesson_state(is_asked=is_asked, has_draft=has_draft, spread=spread)
        if lesson.state in (LessonState.DRAFT, LessonState.DROPPED):
            lesson.site_count = lesson.answer_count = lesson.holding_count = 0
            lesson.share = 0.0
    return rows


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """`is_new` says that the answer counts for the lesson."""

    result: CheckResult
    is_new: bool


def answers_of(lesson: Any) -> list[SiteAnswer]:
    """The answer of each site with its day, the oldest first; MOST_SITES at most."""
    results = CheckResult.objects.filter(check_id=lesson.check_id).exclude(state="n-a").select_related("site")
    first = results.order_by(F("taken_at").asc(nulls_first=True), "site__name", "pk")[:MOST_SITES]
    return [
        SiteAnswer(
            result,
            result.state not in UNANSWERED
            and (result.taken_at is None or result.taken_at >= lesson.counts_from),
        )
        for result in first
    ]


def events_between(
    start: datetime,
    end: datetime,
    *,
    sites: Collection[int] | None = None,
    user: Any,
    limit: int = MOST_EVENTS,
) -> Iterator[TimelineEvent]:
    """Lessons that were written, or whose draft came into force, in this time; they are of the whole fleet."""
    if sites is not None or not user.has_perm(MAY_SEE):
        return
    in_time = Q(written_at__gte=start, written_at__lt=end) | Q(
        draft__published_at__gte=start, draft__published_at__lt=end
    )
    rows = Lesson.objects.filter(in_time).select_related("draft")
    # An old lesson may have come into force just now, so `limit` says nothing about when it was written.
    for lesson in rows.order_by("-written_at", "-pk")[:MOST_EVENTS]:
        url, subject = link("lesson-detail", lesson.pk), ("check", lesson.check_id)
        published_at = lesson.draft.published_at if lesson.draft is not None else None
        if published_at is not None and start <= published_at < end:
            title = f"Every site is asked: {lesson.claim}"
            yield TimelineEvent(kind="lesson", at=published_at, title=title, url=url, subject=subject)
        if start <= lesson.written_at < end:
            title = f"Lesson: {lesson.claim}"
            yield TimelineEvent(kind="lesson", at=lesson.written_at, title=title, url=url, subject=subject)
