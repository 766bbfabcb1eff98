"""Answering a survey, and what its answers come to."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from readiness.people import charts
from readiness.people.core.practice import SMALL_GROUP
from readiness.people.forms import AnswersForm
from readiness.people.kinds.surveys import SURVEYS
from readiness.people.models import Survey
from readiness.people.operations.surveys import answer_survey
from readiness.people.queries import surveys as queries
from readiness.people.queries.surveys import QuestionResult, TeamResult
from web import tables
from web.charts import Figure
from web.clock import now
from web.links import page_url
from web.permissions import require
from web.reports import Report, chart_urls
from web.requests import UserRequest
from web.tables import Column, Table, TablePage

RESULTS = Report("people/survey_results.html", "people.view_survey")
TOO_FEW = f"fewer than {SMALL_GROUP}"


@require("people.view_survey")
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: UserRequest, pk: int) -> HttpResponse:
    """Whoever is not asked finds no such page."""
    survey, at = get_object_or_404(Survey, pk=pk), now()
    person = queries.answering_person(request.user, now=at)
    questions = list(queries.asked(survey, request.user, now=at))
    if person is None or not questions:
        raise Http404
    given, teams = queries.own_answers(survey, person), queries.own_teams(person, now=at)
    form = AnswersForm(request.POST or None, questions=questions, teams=teams, given=given)
    if request.method == "POST" and form.is_valid():
        try:
            answer_survey(survey, **form.asked(), by=request.user, now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"Your answers are kept. You can change them until {survey} closes.")
            return redirect("home")
    context = {
        "heading": survey.title,
        "survey": survey,
        "standing": survey.standing(at),
        "form": form,
        "cancel_url": SURVEYS.url("detail", survey),
        "breadcrumbs": SURVEYS.breadcrumbs((str(survey), SURVEYS.url("detail", survey)), ("Answer", "")),
    }
    return render(request, "people/survey_answer.html", context, status=422 if form.errors else 200)


TEAMS_TABLE = Table(
    id="survey-teams",
    noun=("team", "teams"),
    label="Agreement with the record",
    columns=(
        Column("team", "Team", sort=True, locked=True, phone="title"),
        Column("site", "Site", "site.name", url=lambda row: page_url(row.site), sort=True, export="site.slug"),
        Column("percent", "Agree", "share.percent", numeric=True, file_unit="%",
               sort=lambda row: row.share.percent if row.share else -1,
               text=lambda row: f"{row.share.percent:.0f} %" if row.share else TOO_FEW),
        Column("answers", "Answers", "share.total", numeric=True,
               text=lambda row: row.share.total if row.share else TOO_FEW),
    ),
    row_id=lambda row: f"{row.site.slug}-{row.team}",
    row_url=lambda row: "",
    row_name="team",
    empty={"title": "Nobody has answered", "text": "Teams are listed once somebody answers.", "icon": "help-circle"},
)  # fmt: skip


@RESULTS.page
def results(request: HttpRequest, pk: int) -> tuple[TablePage, Any]:
    survey = get_object_or_404(Survey, pk=pk)
    teams, questions = _results(survey, request)
    return tables.page(request, TEAMS_TABLE, teams), lambda: {
        "heading": f"Results: {survey}",
        "survey": survey,
        "questions": sorted(questions, key=lambda each: each.question.text),
        "is_answered": bool(teams),
        "split": [each for each in questions if each.spread is not None and each.spread.is_split],
        "told": queries.tells_truth(survey, request.user, now=now()),
        "too_few": TOO_FEW,
        "legend": [
            {"label": label, "role": role, "shape": "hatch" if role == "gap" else "area"}
            for label, role in charts.SPLIT
        ],
        "chart": chart_urls("survey-results-chart", survey.pk),
        "breadcrumbs": SURVEYS.breadcrumbs((str(survey), SURVEYS.url("detail", survey)), ("Results", "")),
    }


@RESULTS.chart
def results_chart(request: HttpRequest, pk: int) -> Figure:
    return charts.spreads(_results(get_object_or_404(Survey, pk=pk), request)[1])


def _results(survey: Survey, request: HttpRequest) -> tuple[list[TeamResult], list[QuestionResult]]:
    told = queries.tells_truth(survey, request.user, now=now())
    return queries.results_of(survey) if told else ([], [])
