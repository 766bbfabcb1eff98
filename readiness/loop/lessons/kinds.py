"""The kind of lessons: list, page, form and endpoint."""

from typing import Any

from readiness.loop.lessons import api, forms, operations, queries
from readiness.loop.lessons.core.spread import LessonState
from readiness.loop.lessons.models import Lesson
from web.kinds import Entry, Facts, Kind
from web.kinds.columns import hidden, plain, related
from web.kinds.rest import filters_of, viewset_of
from web.kinds.steps import step_entry
from web.links import link, page_url
from web.tables import Column, Table

STATE_WORDS = {
    LessonState.DRAFT: "in a draft",
    LessonState.ASKED: "asked",
    LessonState.SPREAD: "answered everywhere",
    LessonState.DROPPED: "not asked",
}
TONES = {LessonState.DRAFT: "warn", LessonState.SPREAD: "ok", LessonState.DROPPED: "bad"}


def _state(lesson: Any) -> LessonState:
    if not hasattr(lesson, "state"):
        queries.attach_states([lesson])
    state: LessonState = lesson.state
    return state


def _spread(lesson: Any) -> str:
    if _state(lesson) in (LessonState.DRAFT, LessonState.DROPPED):
        return ""
    return f"{lesson.answer_count} of {lesson.site_count} sites"


def _check_url(lesson: Any) -> str:
    return link("check", lesson.check_id) if _state(lesson) in (LessonState.ASKED, LessonState.SPREAD) else ""


_FILTERS = filters_of(
    Lesson,
    ("kind", "check_id", "incident", "finding", "draft", "written_by", "written_at"),
    search=("claim", "why", "check_id", "incident__title"),
    panel=("kind",),
)
LESSON = Kind(
    model=Lesson,
    rows=queries.lessons,
    prepare=queries.attach_states,
    room=None,
    address="",
    title="Lessons",
    pages=("list", "detail"),
    icon="book",
    hint="What one incident showed, asked of every site",
    viewset=viewset_of(queries.lessons(), api.LessonSerializer, _FILTERS, api.LessonViewSet),
    facts=(
        Facts(
            "Lesson",
            ("state", "spread", "kind", "check_id", "draft", "incident", "finding", "why", "written_by", "written_at"),
        ),
    ),
    entries=(
        Entry(
            url_name="lesson-add",
            permissions=(operations.MAY_WRITE,),
            heading="Write a lesson",
            hint="A draft of the framework opens with it. Nothing is asked of a site before somebody publishes that",
            form=forms.LessonForm,
            enter=operations.write_lesson,
            done="The lesson is written.",
            after=lambda lesson: page_url(lesson) or "",
            fills=("incident", "finding", "check_id", "claim"),
            icon="book",
        ),
        step_entry("lesson", "delete", "Delete", forms.ForgetLessonForm, operations.forget_lesson,
                   "The lesson is deleted.", "trash", permissions=("lessons.delete_lesson",), submit="Delete",
                   hint="Its check stays where it is", after=lambda nothing: link("lesson-list")),
    ),
    table=Table(
        id="lesson-list",
        noun=("lesson", "lessons"),
        label="Lessons",
        columns=(
            Column("claim", "Lesson", value="claim", sort="claim", locked=True, phone="title"),
            Column("state", "State", value=_state, text=lambda row: STATE_WORDS[_state(row)], phone="status",
                   tone=lambda row: TONES.get(_state(row), "")),
            Column("spread", "Answered", value=_spread, sort="share",
                   hint="Sites whose answer counts today, of those that are asked"),
            Column("holding_count", "Holds at", value="holding_count", numeric=True, sort="holding_count"),
            Column("kind", "Becomes", sort="kind"),
            Column("check_id", "Check", value="check_id", url=_check_url, sort="check_id", code=True),
            related("incident", "Incident", sort="incident__title", phone="full"),
            related("finding", "Finding", sort="finding__title", phone="full", default=False),
            Column("draft", "Draft", value="draft.version", sort="draft__version", default=False,
                   url=lambda row: (page_url(row.draft) or "") if row.draft else ""),
            hidden(plain, "why", "Why", phone="full"),
            Column("written_by", "Written by", sort="written_by__username", default=False),
            hidden(plain, "written_at", "Written"),
        ),
        filterset=_FILTERS,
        default_sort="-share",
        row_url=page_url,
        api="lessons-api-lesson-list",
        empty={
            "title": "No lesson yet",
            "text": "After an incident, write down what must hold at every site. The framework then asks for it.",
            "icon": "book",
        },
    ),
)  # fmt: skip
