"""The list of reviews, one of them, opening one, and its steps: sign, decline, decide, cancel."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from readiness.evidence.models import Review
from readiness.framework import queries as framework_queries
from readiness.golive.reviews import operations, queries, sentences, tables
from readiness.golive.reviews.approvers import candidates
from readiness.golive.reviews.forms import OpenForm, ReviewedSiteForm
from readiness.golive.reviews.gate import CHECK
from readiness.golive.reviews.standing import seen
from readiness.scoring.core.combine import ACCEPTABLE
from web import answers
from web import tables as table_kit
from web.clock import now
from web.links import crumbs, link
from web.permissions import asks, reads
from web.workflows.pages import StepPages, form_page, reader

SEE = ("inventory.view_site", operations.MAY_SEE)
ABOVE = (("Readiness", "readiness"), ("Go-live reviews", "reviews"))


@reads(*SEE)
def reviews(request: HttpRequest) -> HttpResponseBase:
    table = table_kit.page(request, tables.review_table(now()), queries.reviews(), prepare=queries.rows)
    if table_kit.wants_table_only(request, table):
        return table_kit.respond(request, "readiness/reviews/list.html", table)
    context = {
        "table": table,
        "site": request.GET.get("site", ""),
        "breadcrumbs": crumbs("Go-live reviews", *ABOVE[:1]),
    }
    return answers.page(request, "readiness/reviews/list.html", context)


@reads(*SEE)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, _review(pk))


@asks(*SEE, operations.MAY_OPEN)
def open_review(request: HttpRequest) -> HttpResponse:
    """Open a review of the site in the address; without one, ask for the site first."""
    asked, way = ReviewedSiteForm(request.GET or None), crumbs("Open one", *ABOVE)
    if not asked.is_valid():
        context = {
            "form": asked,
            "heading": "Open a go-live review",
            "submit": "Continue",
            "method": "get",
            "cancel_url": reverse("reviews"),
            "breadcrumbs": way,
        }
        return render(request, "web/form_page.html", context, status=422 if request.GET else 200)
    site = asked.cleaned_data["site"]
    form = OpenForm(request.POST or None, named=candidates(site))
    make = lambda: operations.open_review(site=site, **form.asked(), by=reader(request), now=now())  # noqa: E731
    return form_page(
        request,
        form,
        make,
        heading=f"Open the review of {site.name}",
        done="{} is open; those who are named can sign.",
        back=reverse("reviews"),
        to=lambda made: link("review", made.pk),
        breadcrumbs=way,
    )


def show(
    request: HttpRequest, review: Review, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    at, user, named = now(), reader(request), candidates(review.site)
    gate = queries.gate_of(review, now=at)
    _version, framework = framework_queries.current()
    today = at.astimezone(ZoneInfo(review.site.time_zone)).date()
    actions = sorted(review.actions.all(), key=lambda each: (not each.is_open, not each.critical, each.pk))
    exceptions = seen(gate.snapshot).get("exceptions", ())
    context: dict[str, Any] = {
        "review": review,
        "holds_until": queries.holds_until(review, framework),
        "sign_offs": [(each, bool(named.get(each.domain))) for each in review.sign_offs.all()],
        "mine": operations.sign_off_of(review, user),
        "actions": [(each, each.is_late(today), sentences.closed_words(each)) for each in actions],
        "gate": gate,
        "itself": CHECK,
        "checks": sorted(gate.snapshot.get("checks", ()), key=lambda row: row["state"] in ACCEPTABLE),
        "exceptions": [(each, parse_datetime(each["ends_at"])) for each in exceptions],
        "breadcrumbs": crumbs(f"#{review.pk}, {review.site.name}", *ABOVE),
        **STEPS.context(request, review, refusals),
    }
    return answers.page(request, "readiness/reviews/review.html", context, status=status)


def _review(pk: int) -> Review:
    return get_object_or_404(queries.whole_reviews(), pk=pk)


STEPS = StepPages(
    page="review",
    see=SEE,
    find=_review,
    show=show,
    done={
        operations.sign: "You have signed.",
        operations.decline: "You have declined.",
        operations.decide: "It is decided.",
        operations.cancel: "The review is cancelled.",
    },
)
