"""Pages of grants: the list, the ageing report, one grant, the request form, and the decision."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from inventory.forms import SiteField
from inventory.queries import end_of_day
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.forms import checks_by_pillar
from readiness.assessment.grants import operations
from readiness.assessment.grants.core.rules import MOST_WAIVERS
from readiness.assessment.grants.models import LONGEST, Grant
from readiness.assessment.grants.queries import counts, grants
from readiness.boards.waivers import queries, sentences, tables
from readiness.boards.waivers.requests import ask_for_grant
from web import answers, visibility
from web import tables as table_kit
from web.clock import now
from web.forms import WITH_NEIGHBOURS, DayField, RefusedForm
from web.links import crumbs, link
from web.permissions import asks
from web.reports import Report, choices
from web.tables import TablePage
from web.workflows.pages import StepPages, reader, saved

USUAL = timedelta(days=30)


class RequestForm(RefusedForm):
    """Days follow the site's calendar; the grant counts until the end of its last day."""

    field_of = {"check_id": "check", "ends_at": "ends_on", "starts_at": "starts_on"}

    site = SiteField()
    check = forms.ChoiceField(label="Check")
    kind = forms.ChoiceField(
        label="Kind",
        choices=[
            (Grant.Kind.WAIVER, "Waiver: the check may fail until a date"),
            (
                Grant.Kind.EXCEPTION,
                "Go-live exception: this BLOCK check no longer keeps the site from going live",
            ),
            (Grant.Kind.NOT_APPLICABLE, "Declared not applicable: the check does not apply to this site"),
        ],
        help_text=(
            "A waived check counts 0 and still holds the verdict. Only a go-live exception lifts a BLOCK check,"
            " and the site is then conditional at best."
        ),
    )
    part = forms.ChoiceField(
        label="Sub-measure",
        required=False,
        help_text="Only for “declared not applicable”: the part that this site cannot have or measure.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why the check may fail for a time, and what will fix it. The approver reads this.",
    )
    starts_on = DayField(
        label="First day", required=False, validators=WITH_NEIGHBOURS, help_text="Empty: as soon as approved."
    )
    ends_on = DayField(
        label="Last day",
        validators=WITH_NEIGHBOURS,
        help_text=f"The grant ends at the end of this day; {LONGEST.days} days at most.",
    )

    def __init__(self, *args: Any, framework: Framework, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        _choice(self, "check").choices = checks_by_pillar(framework)
        requested_check = framework.checks_by_id.get(
            str(self.data.get("check") or self.initial.get("check") or "")
        )
        of_whom = [requested_check] if requested_check else framework.checks
        _choice(self, "part").choices = [
            ("", "– the whole check –"),
            *((check.name, [(part.id, part.name) for part in check.parts]) for check in of_whom),
        ]
        self.initial.setdefault("ends_on", now.date() + USUAL)

    def arguments(self) -> dict[str, Any]:
        """The arguments of the operation. A first day that has already begun means now."""
        values = self.cleaned_data
        zone = values["site"].time_zone
        return {
            "site": values["site"],
            "kind": values["kind"],
            "check_id": values["check"],
            "part": values["part"],
            "reason": values["reason"],
            "starts_at": self._start(values["starts_on"], zone),
            "ends_at": end_of_day(values["ends_on"], zone),
        }

    def _start(self, day: date | None, zone: str) -> datetime | None:
        if day is None or day == self.now.astimezone(ZoneInfo(zone)).date():
            return None
        return end_of_day(day - timedelta(days=1), zone)


def _choice(form: forms.Form, name: str) -> forms.ChoiceField:
    return cast(forms.ChoiceField, form.fields[name])


SEE = ("inventory.view_site", "grants.view_grant")
WAIVERS = Report("readiness/waivers/list.html", *SEE)
AGEING = Report("readiness/waivers/ageing.html", *SEE)
ABOVE = (("Waivers", "waivers"),)


@WAIVERS.page
def waivers(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    prepare = lambda page: queries.rows(page, now=at)  # noqa: E731
    return table_kit.page(request, tables.grant_table(at), grants(now=at), prepare=prepare), lambda: {
        "counts": counts(now=at),
        "now": at,
    }


@AGEING.page
def ageing(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    groups = {key: label for key, label in tables.BY.items() if key != "requester" or visibility.sees_names()}
    grouping = request.GET.get("by", "")
    visibility.refuse(grouping == "requester")
    by = grouping if grouping in groups else next(iter(groups))
    return table_kit.page(request, tables.ageing_table(by, at), queries.ageing(by, now=at)), lambda: {
        "views": choices(groups.items(), by, lambda key: link("waivers-ageing", by=key)),
        "breadcrumbs": crumbs("By age", *ABOVE),
    }


@asks(*SEE, operations.MAY_REQUEST)
def ask(request: HttpRequest) -> HttpResponse:
    at = now()
    initial = {name: request.GET[name] for name in ("site", "check", "kind", "part") if name in request.GET}
    form = RequestForm(
        request.POST or None, initial=initial, framework=framework_queries.current()[1], now=at
    )
    ask = lambda: ask_for_grant(**form.arguments(), by=reader(request), now=at)  # noqa: E731
    if grant := saved(request, form, ask, "{} is requested; a second person must approve it."):
        return HttpResponseRedirect(reverse("waiver", args=[grant.pk]))
    context = {"form": form, "most": MOST_WAIVERS, "breadcrumbs": crumbs("Request waiver", *ABOVE)}
    return render(request, "readiness/waivers/request.html", context, status=422 if form.errors else 200)


def _show(
    request: HttpRequest, grant: Grant, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponseBase:
    at = now()
    [row] = queries.rows([grant], now=at)
    context = {
        "row": row,
        "grant": grant,
        "ends": sentences.ends(row, at),
        "effect": sentences.effect(row, now=at),
        "breadcrumbs": crumbs(f"{row.check_name}, {grant.site.name}", *ABOVE),
        **STEPS.context(request, grant, refusals),
    }
    return answers.page(request, "readiness/waivers/waiver.html", context, status=status)


def _grant(pk: int) -> Grant:
    return get_object_or_404(grants(now=now()), pk=pk)


STEPS = StepPages(
    page="waiver",
    see=SEE,
    find=_grant,
    show=_show,
    done={
        operations.approve: "{} is approved.",
        operations.deny: "{} is denied.",
        operations.revoke: "{} is revoked.",
    },
)
