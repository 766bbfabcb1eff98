"""Surveys with their questions: their lists, pages and forms. Answers have none: nobody sees who answered what."""

from typing import Any

from inventory.api import InventorySerializer
from readiness.organisation.people.kinds.tabs import declared, standing_column
from readiness.organisation.people.models import Survey, SurveyQuestion
from readiness.organisation.people.queries import surveys as queries
from web import clock
from web.kinds import Kind, Related
from web.kinds.columns import hidden, plain, related
from web.tables import Column
from web.visibility import reader


def _withheld(key: str, label: str, **options: Any) -> Column:
    def value(question: SurveyQuestion) -> str:
        is_revealed = queries.tells_truth(question.survey, reader(), now=clock.now())
        return getattr(question, key) if is_revealed else "told once the survey closes"

    return Column(key, label, value=value, **options)


class SurveyQuestionFields(InventorySerializer):
    """`truth` and `truth_source` are null until the survey closes, but for whoever may change questions."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        fields = super().to_representation(instance)
        if queries.tells_truth(instance.survey, reader(), now=clock.now()):
            return fields
        return fields | dict.fromkeys(fields.keys() & set(SurveyQuestion.WITHHELD))


SURVEYS = declared(
    Survey,
    ("title", "opens_at", "closes_at"),
    (
        "title",
        plain("opens_at", "Opens"),
        plain("closes_at", "Closes"),
        standing_column(lambda survey: survey.phase(clock.now())),
    ),
    brief=("title",),
    search=("title",),
    panel=("opens_at", "closes_at"),
    default_sort="-opens_at",
    hint="The same questions to every team, and whether their answers agree with the record",
    links=(("Calibration", "calibration", "math-avg"),),
    related=(Related(SurveyQuestion, ("survey",), ("text", "site", "kind", "truth"), fills="survey"),),
    empty="Ask compute, network, energy and planning the same questions, and see where answers differ.",
)
SURVEY_QUESTIONS = declared(
    SurveyQuestion,
    ("survey", "site", "text", "kind", "choices", "truth", "truth_source"),
    (
        "text",
        related("survey", "Survey", sort="survey__title"),
        *("site", "kind"),
        Column("choices", "Choices", value=lambda question: ", ".join(question.choices)),
        _withheld("truth", "The record says"),
        hidden(_withheld, "truth_source", "Record"),
    ),
    brief=("text",),
    search=("text", "site__name", "survey__title"),
    panel=("site", "kind"),
    serializer=SurveyQuestionFields,
    together=("kind", "choices", "truth"),
    hint="Questions of surveys, with the answer that the record gives",
    above=lambda question: [question.survey],
)
KINDS: tuple[Kind, ...] = (SURVEYS, SURVEY_QUESTIONS)
