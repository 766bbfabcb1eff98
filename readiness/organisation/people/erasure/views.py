"""Pages before erasing: of whoever may erase a person, and of the person themselves."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from readiness.organisation.people import operations
from readiness.organisation.people.erasure.tables import TRACES
from readiness.organisation.people.models import Person
from readiness.organisation.people.operations.privacy import MAY_CHANGE_ACCOUNTS, pseudonym
from readiness.organisation.people.queries.traces import MOST_SHOWN, traces_of
from web import answers, scopes
from web import tables as table_kit
from web.clock import now
from web.links import crumbs
from web.permissions import require
from web.reports import Report
from web.requests import UserRequest
from web.tables import TablePage

SEE = ("people.view_person", operations.MAY_ERASE)
OWN = Report("people/erasure/own.html")


@require(*SEE)
@never_cache
@require_http_methods(["GET", "POST"])
def erase(request: UserRequest, pk: int) -> HttpResponseBase:
    """List the places that name the person; erase them once that is confirmed."""
    person = get_object_or_404(Person.objects.select_related("user"), pk=pk)
    if request.method == "POST":
        return _erased(request, person)
    template = "people/erasure/page.html"
    table, context = _listed(request, person)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, template, table)
    context |= {"breadcrumbs": crumbs("Erase", ("People", "people"))}
    return answers.page(request, template, {"table": table, **context})


def _erased(request: UserRequest, person: Person) -> HttpResponse:
    also, shown_digest = request.POST.getlist("also"), request.POST.get("shown", "")
    try:
        erased = operations.erase_person(
            person, also=also, shown_digest=shown_digest, by=request.user, now=now()
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("person-erase", person.pk)
    messages.success(request, f"The person is erased; {erased.name} stands in their place.")
    return redirect("person", person.pk)


@OWN.page
def own_traces(request: HttpRequest, pk: int) -> tuple[TablePage, Any]:
    person = get_object_or_404(Person.objects.select_related("user"), pk=pk, user=request.user.pk)
    table, context = _listed(request, person)
    return table, lambda: {**context, "breadcrumbs": crumbs("Places", ("Your person", "own-person"))}


def _listed(request: Any, person: Person) -> tuple[TablePage, dict[str, Any]]:
    also = request.GET.getlist("also")
    traces = traces_of(person, by=request.user, also=also)
    context: Mapping[str, Any] = {
        "person": person,
        "pseudonym": pseudonym(person),
        "traces": traces,
        "also": [each for each in also if each.casefold() in {term.text.casefold() for term in traces.terms}],
        "most": MOST_SHOWN,
        "renames_account": request.user.has_perm(MAY_CHANGE_ACCOUNTS),
        "is_scoped": scopes.present() is not None,
    }
    return table_kit.page(request, TRACES, traces.rows), dict(context)
