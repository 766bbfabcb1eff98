"""Pages of people and one's own person, of coverage, of who is on call and for how long, of swaps and surveys."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from inventory.models import DomainChoices
from readiness.organisation.people import charts, fleet, operations, queries, tables
from readiness.organisation.people.core.cover import COVER_DAYS, PROBLEM_DAYS
from readiness.organisation.people.core.coverage import SiteCoverage, dependencies
from readiness.organisation.people.forms import AnswersForm
from readiness.organisation.people.kinds import PEOPLE, TEAMS
from readiness.organisation.people.kinds.surveys import SURVEYS
from readiness.organisation.people.kinds.tabs import tabs
from readiness.organisation.people.models import Person, Rotation, Survey, Swap
from readiness.organisation.people.operations import swaps
from readiness.organisation.people.operations.surveys import answer_survey
from readiness.organisation.people.queries import surveys
from readiness.organisation.people.queries.duty import total_costs
from readiness.organisation.people.queries.hours import hours_on_call
from readiness.organisation.people.queries.on_call import duties_at
from readiness.organisation.people.queries.privacy import export_of
from readiness.organisation.people.queries.surveys import QuestionResult, TeamResult
from web import answers
from web import tables as table_kit
from web.charts import Figure
from web.clock import now
from web.kinds.pages import object_list
from web.links import link
from web.permissions import require, signed_in
from web.reports import Report, chart_urls, choices
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.tables import TablePage
from web.timerange import BadParameter, parse_instant
from web.visibility import SEES_NAMES, sees_names
from web.workflows.pages import StepPages


@require("people.view_team")
@conditional_page
@require_GET
def people(request: UserRequest) -> HttpResponseBase:
    """Whoever may not see names sees teams and how many are in them."""
    if sees_names(request.user):
        return object_list(request, PEOPLE)
    table = table_kit.page(request, TEAMS.table, TEAMS.rows())
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "people/counted.html", table)
    context = {"table": table, "counts": queries.counts(now=now())}
    return answers.page(request, "people/counted.html", context)


@signed_in
@never_cache
@require_GET
def own(request: UserRequest) -> HttpResponse:
    return _own(request)


@require_POST
@signed_in
@never_cache
def confirm_link(request: UserRequest, pk: int) -> HttpResponse:
    return _changed(request, pk, operations.confirm_link, "You are {} from now on.")


@require_POST
@signed_in
@never_cache
def unlink_own(request: UserRequest, pk: int) -> HttpResponse:
    return _changed(request, pk, operations.unlink, "You are not linked to {}.")


@require("people.view_person", operations.MAY_ERASE)
@never_cache
@require_GET
def export(request: UserRequest, pk: int) -> HttpResponse:
    return _exported(get_object_or_404(Person, pk=pk), is_own=False)


@signed_in
@never_cache
@require_GET
def export_own(request: UserRequest, pk: int) -> HttpResponse:
    return _exported(get_object_or_404(Person, pk=pk, user=request.user), is_own=True)


def _exported(person: Person, *, is_own: bool) -> HttpResponse:
    answer = JsonResponse(export_of(person, is_own=is_own), json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="person-{person.pk}.json"'
    return answer


def _changed(request: UserRequest, pk: int, change: Callable[..., Person], done: str) -> HttpResponse:
    person = get_object_or_404(queries.own_people(request.user), pk=pk)
    try:
        change(person, by=request.user, now=now())
    except ValidationError as error:
        return _own(request, refusals=error.messages, status=422)
    messages.success(request, done.format(person))
    return redirect("own-person")


def _own(request: UserRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    people = list(queries.own_people(request.user))
    context |= {
        "tabs": settings_tabs(request, "own-person"),
        "linked": [person for person in people if person.user_id == request.user.pk],
        "requested": [person for person in people if person.requested_user_id == request.user.pk],
    }
    return render(request, "people/own.html", context, status=status)


SEES_COVERAGE = ("inventory.view_site", "people.view_staffing")
FLEET = Report("people/coverage/page.html", *SEES_COVERAGE)
SITE = Report("people/coverage/site.html", *SEES_COVERAGE)


@FLEET.page
def coverage(request: HttpRequest) -> tuple[TablePage, Any]:
    lines = fleet.domain_lines(fleet.coverage_of_sites(now=now()))
    table = table_kit.page(request, tables.fleet_table(lines), lines)
    return table, lambda: {
        "tabs": tabs("coverage"),
        "counts": Counter(each.cover.value for line in lines for each in line.requirements),
        "expiring": sum(line.expiring for line in lines),
    }


@SITE.page
def site_coverage(request: HttpRequest, slug: str) -> tuple[TablePage, Any]:
    at, names = now(), sees_names(request.user)
    sites = fleet.coverage_of_sites(now=at, slugs=[slug])
    if not sites:
        raise Http404(f"There is no site {slug}.")
    [(site, of_site)] = sites
    table = table_kit.page(
        request, tables.site_table(names=names), fleet.requirement_lines(sites, names=names)
    )
    return table, lambda: {
        "site": site,
        "coverage": of_site,
        "sees_names": names,
        "dependencies": _dependencies(of_site, names=names),
        "proposals": fleet.proposals(of_site, now=at),
        "may_assign": names and request.user.has_perm(operations.MAY_ASSIGN),
    }


def _dependencies(coverage: SiteCoverage, *, names: bool) -> list[dict[str, Any]]:
    depended_on = dependencies(coverage.requirements)
    name_of = fleet.names_of(each.person_id for each in depended_on) if names else {}
    return [
        {
            "name": name_of.get(each.person_id, ""),
            "person_id": each.person_id if names else None,
            "alone": [requirement.skill_name for requirement in each.alone],
        }
        for each in depended_on
    ]


SEES_ON_CALL = ("inventory.view_site", "people.view_rotation")
ON_CALL = Report("people/rotations/on_call.html", *SEES_ON_CALL)
HOURS = Report("people/rotations/hours.html", *SEES_ON_CALL, "people.view_shift", SEES_NAMES)
DEFAULT_RANGE = "now-30d"


@ON_CALL.page
def duty_page(request: HttpRequest) -> tuple[TablePage, Any]:
    present = now()
    instant_text = request.GET.get("at", "")
    zone = timezone.get_current_timezone()
    at = parse_instant(instant_text, now=present, zone=zone, field="at") if instant_text else present
    rows = duties_at(fleet.sites_on_call(), at=at) if instant_text else fleet.duties_now(now=present)
    table = table_kit.page(request, tables.duties(rows), rows)
    standings: Counter[str] = Counter(row.standing for row in rows)
    return table, lambda: {
        "ahead_url": link("cover-ahead", standing="short"),
        "ahead": tables.cover_counts(fleet.unmet_shifts(now=present), now=present),
        "tabs": tabs("on-call"),
        "at": at,
        "is_now": not instant_text,
        "counts": {name: standings[name] for name in tables.STANDINGS},
        "number": len(rows),
    }


AHEAD = Report("people/rotations/ahead.html", *SEES_ON_CALL)


@AHEAD.page
def cover_page(request: HttpRequest) -> tuple[TablePage, Any]:
    present = now()
    lines, days = fleet.unmet_shifts(now=present), _requested_days(request)
    end = present + timedelta(days=days)
    near = [line for line in lines if line.span.starts_at < end]
    table = table_kit.page(request, tables.cover_table(near), near)
    return table, lambda: {
        "days": days,
        "segments": choices(
            [(each, f"{each} days") for each in (PROBLEM_DAYS, COVER_DAYS)],
            days,
            lambda each: table.address.anew(days=each),
        ),
        "tabs": tabs("on-call"),
        "counts": tables.cover_counts(lines, now=present),
        "legend": [
            {"label": DomainChoices(role).label, "role": role, "shape": "bar"}
            for role in DomainChoices.values
        ],
        "chart": chart_urls("cover-chart"),
    }


def _requested_days(request: HttpRequest) -> int:
    text = request.GET.get("days", str(PROBLEM_DAYS))
    if text not in (str(PROBLEM_DAYS), str(COVER_DAYS)):
        raise BadParameter("days", f"{PROBLEM_DAYS} or {COVER_DAYS} are possible.")
    return int(text)


@AHEAD.chart
def cover_chart(request: HttpRequest) -> Figure:
    return charts.short_weeks(fleet.unmet_shifts(now=now()), now=now())


@HOURS.page
def hours(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    span = answers.time_range(request, now=at, default=DEFAULT_RANGE)
    rotation = _asked_rotation(request)
    rows = hours_on_call(span.start, span.end, now=at, rotation=rotation)
    return table_kit.page(request, tables.HOURS, rows), lambda: {
        "time_range": span.context,
        "rotation": rotation,
        "rotations": Rotation.objects.order_by("name", "pk"),
        "overloaded": sum(row.load.is_overloaded for row in rows),
        "hours": sum(row.load.hours for row in rows),
        "overtime": sum(row.load.overtime for row in rows),
        "costs": tables.costs(total_costs(row.duty for row in rows)),
        "short_of_rest": sum(row.duty.count("rest") > 0 for row in rows),
        "over_hours": sum(row.duty.count("week") > 0 for row in rows),
    }


def _asked_rotation(request: HttpRequest) -> Rotation | None:
    slug = request.GET.get("rotation", "")
    if not slug:
        return None
    rotation = Rotation.objects.filter(slug=slug[:100].replace("\0", "")).first()
    if rotation is None:
        raise BadParameter("rotation", "There is no such rotation.")
    return rotation


def _swap(pk: int) -> Swap:
    joined = ("rotation", "person__user", "taker", "requested_by")
    return get_object_or_404(Swap.objects.select_related(*joined), pk=pk)


def _show(request: HttpRequest, swap: Swap, *, refusals: Any = (), status: int = 200) -> HttpResponseBase:
    state = swaps.state_at(swap, now())
    context = STEPS.context(request, swap, refusals) | {
        "swap": swap,
        "state": Swap.State(state).label,
        "is_open": state == Swap.State.OPEN,
    }
    return render(request, "people/rotations/swap.html", context, status=status)


STEPS = StepPages(
    page="swap",
    see=("people.view_rotation", "people.view_swap"),
    find=_swap,
    show=_show,
    done={
        swaps.take: "The shift is yours.",
        swaps.withdraw: "The swap is withdrawn; the shift stays where it was.",
    },
)


RESULTS = Report("people/survey_results.html", "people.view_survey")


@require("people.view_survey")
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: UserRequest, pk: int) -> HttpResponse:
    """Whoever is not asked finds no such page."""
    survey, at = get_object_or_404(Survey, pk=pk), now()
    person = surveys.answering_person(request.user, now=at)
    questions = list(surveys.questions_for(survey, request.user, now=at))
    if person is None or not questions:
        raise Http404
    earlier_answers, teams = surveys.own_answers(survey, person), surveys.own_teams(person, now=at)
    form = AnswersForm(
        request.POST or None, questions=questions, teams=teams, earlier_answers=earlier_answers
    )
    if request.method == "POST" and form.is_valid():
        try:
            answer_survey(survey, **form.arguments(), by=request.user, now=now())
        except ValidationError as error:
            form.refused(error)
        else:
            messages.success(request, f"Your answers are kept. You can change them until {survey} closes.")
            return redirect("home")
    context = {
        "heading": survey.title,
        "survey": survey,
        "standing": survey.phase(at),
        "form": form,
        "cancel_url": SURVEYS.url("detail", survey),
        "breadcrumbs": SURVEYS.breadcrumbs((str(survey), SURVEYS.url("detail", survey)), ("Answer", "")),
    }
    return render(request, "people/survey_answer.html", context, status=422 if form.errors else 200)


@RESULTS.page
def results(request: HttpRequest, pk: int) -> tuple[TablePage, Any]:
    survey = get_object_or_404(Survey, pk=pk)
    teams, questions = _results(survey, request)
    return table_kit.page(request, tables.SURVEY_TEAMS, teams), lambda: {
        "heading": f"Results: {survey}",
        "survey": survey,
        "questions": sorted(questions, key=lambda each: each.question.text),
        "is_answered": bool(teams),
        "split": [each for each in questions if each.spread is not None and each.spread.is_split],
        "told": surveys.tells_truth(survey, request.user, now=now()),
        "too_few": tables.TOO_FEW,
        "legend": [{"label": label, "role": role, "shape": "bar"} for label, role in charts.SPLIT],
        "chart": chart_urls("survey-results-chart", survey.pk),
        "breadcrumbs": SURVEYS.breadcrumbs((str(survey), SURVEYS.url("detail", survey)), ("Results", "")),
    }


@RESULTS.chart
def results_chart(request: HttpRequest, pk: int) -> Figure:
    return charts.spreads(_results(get_object_or_404(Survey, pk=pk), request)[1])


def _results(survey: Survey, request: HttpRequest) -> tuple[list[TeamResult], list[QuestionResult]]:
    is_revealed = surveys.tells_truth(survey, request.user, now=now())
    return surveys.results_of(survey) if is_revealed else ([], [])
