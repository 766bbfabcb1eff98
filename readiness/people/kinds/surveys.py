"""Surveys with their questions: their lists, pages and forms. Answers have none: nobody sees who answered what."""

from inventory.api import InventorySerializer
from readiness.people.models import Survey, SurveyQuestion
from readiness.people.practice_forms import DatedForm
from web import clock
from web.kinds import Facts, Kind, Related
from web.kinds.columns import hidden, plain, related
from web.kinds.declaring import declared
from web.tables import Column

_ROOM = ("People", "people")


def _standing(survey: Survey) -> str:
    return survey.standing(clock.now())


SURVEYS = declared(
    Survey,
    ("title", "opens_at", "closes_at"),
    (
        "title",
        plain("opens_at", "Opens"),
        plain("closes_at", "Closes"),
        Column("standing", "Standing", value=_standing, phone="status"),
    ),
    room=_ROOM,
    brief=("title",),
    search=("title",),
    panel=("opens_at", "closes_at"),
    form=DatedForm,
    default_sort="-opens_at",
    hint="The same questions to every team, and whether their answers agree with the record",
    icon="help-circle",
    links=(("Calibration", "calibration", "math-avg"),),
    facts=(Facts("Survey", ("opens_at", "closes_at", "standing")),),
    related=(Related(SurveyQuestion, ("survey",), ("text", "site", "kind", "truth"), fills="survey"),),
    empty={
        "title": "No survey yet",
        "text": "Ask compute, network, energy and planning the same questions, and see where answers differ.",
        "icon": "help-circle",
    },
)
SURVEY_QUESTIONS = declared(
    SurveyQuestion,
    ("survey", "site", "text", "kind", "choices", "truth", "truth_source"),
    (
        plain("text", "Question", locked=True, phone="title"),
        related("survey", "Survey", sort="survey__title"),
        *("site", "kind"),
        Column("choices", "Choices", value=lambda question: ", ".join(question.choices)),
        plain("truth", "The record says"),
        hidden(plain, "truth_source", "Record"),
    ),
    room=_ROOM,
    brief=("text",),
    search=("text", "site__name", "survey__title"),
    panel=("site", "kind"),
    form=DatedForm,
    serializer=InventorySerializer,
    together=("kind", "choices", "truth"),
    hint="Questions of surveys, with the answer that the record gives",
    above=lambda question: [question.survey],
)
KINDS: tuple[Kind, ...] = (SURVEYS, SURVEY_QUESTIONS)
