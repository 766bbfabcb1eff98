"""Surveys of shared understanding: questions with a record of truth, and what people answered."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from inventory.models import Site
from inventory.models.constraints import choices_held
from readiness.organisation.people.core.practice import number_of
from readiness.organisation.people.models.constraints import ends_after
from readiness.organisation.people.models.staff import Person, Team
from readiness.organisation.people.models.triggers import claims, sites_stated_or_all, through


class Survey(models.Model):
    HISTORY = True
    HISTORY_TITLE = ("title",)
    VISIBLE_WHERE = "true"  # organisation-wide

    title = models.CharField("title", max_length=150, unique=True)
    opens_at = models.DateTimeField("opens at")
    closes_at = models.DateTimeField("closes at")

    class Meta:
        verbose_name = "survey"
        verbose_name_plural = "surveys"
        ordering = ["-opens_at", "id"]
        constraints = [
            ends_after(
                "opens_at", "closes_at", "survey_closes_after_it_opens", "It must close after it opens."
            )
        ]

    def __str__(self) -> str:
        return self.title

    def phase(self, now: datetime) -> str:
        return "closed" if self.closes_at <= now else "open" if self.opens_at <= now else "planned"


@choices_held
class SurveyQuestion(models.Model):
    """`truth` is what the record says; a question for an estimate of readiness has none: the verdict is its truth."""

    HISTORY = True
    HISTORY_TITLE = ("text",)
    VISIBLE_BY = ("site",)
    # An answer that is known beforehand measures nothing.
    WITHHELD = ("truth", "truth_source")

    class Kind(models.TextChoices):
        CHOICE = "choice", "One of the choices"
        NUMBER = "number", "A number"
        ESTIMATE = "estimate", "Estimate of the site's readiness"

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="questions", verbose_name="survey")
    site = models.ForeignKey(Site, models.CASCADE, related_name="survey_questions", verbose_name="site")
    text = models.CharField("question", max_length=200)
    kind = models.CharField("kind", max_length=10, choices=Kind, default=Kind.CHOICE)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True, verbose_name="choices")
    truth = models.CharField("truth", max_length=100, blank=True, help_text="What the record says")
    truth_source = models.CharField(
        "record", max_length=200, blank=True, help_text="Where the truth is recorded"
    )

    class Meta:
        verbose_name = "survey question"
        verbose_name_plural = "survey questions"
        ordering = ["survey", "site__name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="estimate", truth="") | (~Q(kind="estimate") & ~Q(truth="")),
                name="survey_question_has_truth",
                violation_error_message="A question needs the answer that the record gives; an estimate has none.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="choice") | Q(choices__len__gte=2),
                name="survey_question_has_choices",
                violation_error_message="There must be two choices or more.",
            ),
        ]
        triggers = claims(sites_stated_or_all())

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        if self.kind == self.Kind.CHOICE and self.truth and self.truth not in self.choices:
            raise ValidationError({"truth": "What the record says is one of the choices."})
        if self.kind == self.Kind.NUMBER and self.truth and number_of(self.truth) is None:
            raise ValidationError({"truth": "What the record says is a number, such as 20 or 1.5."})


class SurveyAnswer(models.Model):
    """An answer in the name of a team. Who gave it is shown to nobody but themselves.

    So it has no history, and no permission shows it.
    """

    question = models.ForeignKey(
        SurveyQuestion, models.CASCADE, related_name="answers", verbose_name="question"
    )
    person = models.ForeignKey(Person, models.CASCADE, related_name="survey_answers", verbose_name="person")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name="team")
    value = models.CharField("answer", max_length=100)
    answered_at = models.DateTimeField("answered at")

    class Meta:
        verbose_name = "survey answer"
        verbose_name_plural = "survey answers"
        default_permissions = ()
        ordering = ["question", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "person"],
                name="survey_answer_once",
                violation_error_message="This person answered already.",
            )
        ]
        triggers = claims(through("people_surveyquestion", "question_id"))

    def __str__(self) -> str:
        return self.value
