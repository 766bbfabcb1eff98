"""The card on the page of a lesson: what each site answers, and when it did."""

from datetime import datetime
from typing import Any

from accounts.models import User
from readiness.loop.findings.models import Finding
from readiness.loop.incidents.models import Incident
from readiness.loop.lessons import queries
from readiness.loop.lessons.core.spread import LessonState
from web.kinds.panels import Panel
from web.links import link


def answers_panel(obj: Any, *, user: User, now: datetime) -> Panel | None:
    if not user.has_perm("scoring.view_checkresult"):
        return None
    queries.attach_states([obj])
    is_asked = obj.state in (LessonState.ASKED, LessonState.SPREAD)
    answers = queries.answers_of(obj) if is_asked else []
    return Panel(
        key="answers",
        title="What sites answer",
        template="readiness/lessons/answers.html",
        context={
            "lesson": obj,
            "answers": answers,
            "more": obj.site_count - len(answers),
        },
        order=150,
        span=12,
        links=[{"label": "All", "url": link("check", obj.check_id)}] if is_asked else [],
    )


def lessons_panel(obj: Incident | Finding, *, user: User, now: datetime) -> Panel | None:
    """The lessons of an incident or finding, on its page."""
    if not user.has_perm(queries.MAY_SEE):
        return None
    name = "incident" if isinstance(obj, Incident) else "finding"
    rows = list(queries.attach_states(list(queries.lessons().filter(**{name: obj.pk}))))
    may_write = user.has_perm("lessons.add_lesson")
    return Panel(
        key="lessons",
        title="Lessons",
        template="readiness/lessons/lessons.html",
        context={"lessons": rows, "of": name},
        order=180,
        links=[{"label": "Add", "url": link("lesson-add", **{name: obj.pk})}] if may_write else [],
    )
