"""Pages of go-live reviews, and of their sign-offs and actions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from inventory.forms import SiteField
from inventory.models import Site
from readiness.assessment.evidence.models import Review, ReviewAction, SigningDomain
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.core.combine import ACCEPTABLE
from readiness.golive.reviews import operations, queries, tables
from readiness.golive.reviews.operations import candidates
from readiness.golive.reviews.queries import CHECK, seen
from readiness.golive.reviews.sentences import closed_words
from web import answers
from web import tables as table_kit
from web.clock import now
from web.forms import WITH_NEIGHBOURS, DayField, PersonField, RefusedForm, ShownForm
from web.links import crumbs, link
from web.outside import may_offer
from web.permissions import asks, reads, require
from web.reports import Report
from web.tables import TablePage
from web.workflows.pages import StepPages, form_page, reader

NOBODY = "– name later –"


def _people() -> Any:
    return User.objects.filter(is_active=True).order_by("username")


def reviewable() -> Any:
    stages = [Site.Stage.COMMISSIONING, Site.Stage.PRODUCTION]
    return Site.objects.filter(stage__in=stages).order_by("name", "pk")


class ReviewedSiteForm(forms.Form):
    """Asks for the site first, because the approvers depend on it."""

    site = forms.ModelChoiceField(reviewable(), to_field_name="slug", label="Site")


class OpenForm(RefusedForm):
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, users_by_domain: Mapping[str, Sequence[User]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken: set[int] = set()
        for domain, label in SigningDomain.choices:
            users = users_by_domain[domain]
            field = PersonField(
                _people().filter(pk__in=[user.pk for user in users]),
                label=label,
                required=False,
                empty_label=NOBODY,
                help_text="" if users else "Nobody may sign for this domain yet.",
            )
            self.fields[domain] = field
            if len(users) == 1 and users[0].pk not in taken:
                self.initial.setdefault(domain, users[0].pk)
                taken.add(users[0].pk)
        self.order_fields([*SigningDomain.values, "note"])

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "note": values["note"],
            "approvers": {domain: values[domain] for domain in SigningDomain.values},
        }


class NameForm(RefusedForm):
    approver = PersonField(_people(), label="Person", required=False, empty_label=NOBODY)

    def __init__(self, *args: Any, users: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["approver"])
        field.queryset = _people().filter(pk__in=[user.pk for user in users])


class ActionForm(ShownForm, RefusedForm):
    title = forms.CharField(label="Action", max_length=300)
    critical = forms.BooleanField(label="Critical: no go while it is open", required=False)
    owner = PersonField(
        _people(), label="Person", required=False, empty_label="– a person without an account –"
    )
    owner_name = forms.CharField(
        label="Name of a person without an account",
        required=False,
        max_length=120,
    )
    due_on = DayField(label="Due date", required=False, validators=WITH_NEIGHBOURS)

    def __init__(self, *args: Any, action: ReviewAction | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if action is None:
            del self.fields["shown"]
        else:
            names = ("title", "critical", "owner_name", "due_on")
            self.initial = {"owner": action.owner_id, **{name: getattr(action, name) for name in names}}


class ApproverForm(RefusedForm):
    domain = forms.ChoiceField(label="Domain", choices=SigningDomain.choices)
    user = PersonField(_people(), label="Person")
    site = SiteField(
        required=False,
        empty_label="– every site –",
        help_text="The approvers of a site replace the approvers for all sites, domain by domain.",
    )


SEE = ("inventory.view_site", operations.MAY_SEE)
SEE_APPROVERS = ("inventory.view_site", "golive.view_approver")
REVIEWS = Report("readiness/reviews/list.html", *SEE)
APPROVERS = Report("readiness/reviews/approvers.html", *SEE_APPROVERS)
ABOVE = (("Go-live reviews", "reviews"),)


@REVIEWS.page
def reviews(request: HttpRequest) -> tuple[TablePage, Any]:
    framework = framework_queries.current()[1]
    return table_kit.page(request, tables.review_table(now(), framework), queries.reviews()), lambda: {
        "site": request.GET.get("site", ""),
    }


@asks(*SEE, operations.MAY_OPEN)
def open_review(request: HttpRequest) -> HttpResponse:
    site_form, way = ReviewedSiteForm(request.GET or None), crumbs("New review", *ABOVE)
    if not site_form.is_valid():
        context = {
            "form": site_form,
            "heading": "Open a go-live review",
            "submit": "Continue",
            "method": "get",
            "cancel_url": reverse("reviews"),
            "breadcrumbs": way,
        }
        return render(request, "web/form_page.html", context, status=422 if request.GET else 200)
    site = site_form.cleaned_data["site"]
    form = OpenForm(request.POST or None, users_by_domain=candidates(site))
    make = lambda: operations.open_review(site=site, **form.arguments(), by=reader(request), now=now())  # noqa: E731
    return form_page(
        request,
        form,
        make,
        heading=f"Open the review of {site.name}",
        done="{} is open. The named approvers can sign.",
        back=reverse("reviews"),
        to=lambda review: link("review", review.pk),
        breadcrumbs=way,
    )


def show(
    request: HttpRequest, review: Review, refusals: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    at, user, users_by_domain = now(), reader(request), candidates(review.site)
    gate = queries.gate_of(review, now=at)
    _version, framework = framework_queries.current()
    today = at.astimezone(ZoneInfo(review.site.time_zone)).date()
    actions = sorted(review.actions.all(), key=lambda each: (not each.is_open, not each.critical, each.pk))
    exceptions = seen(gate.snapshot).get("exceptions", ())
    named_checks = {row["check_id"]: row["name"] for row in gate.snapshot.get("checks", ())}
    context: dict[str, Any] = {
        "review": review,
        "holds_until": queries.holds_until(review, framework),
        "sign_offs": [(each, bool(users_by_domain.get(each.domain))) for each in review.sign_offs.all()],
        "mine": operations.sign_off_of(review, user),
        "actions": [(each, each.is_late(today), closed_words(each)) for each in actions],
        "gate": gate,
        "itself": CHECK,
        "checks": sorted(gate.snapshot.get("checks", ()), key=lambda row: row["state"] in ACCEPTABLE),
        "exceptions": [
            (each, named_checks.get(each["check_id"], each["check_id"]), parse_datetime(each["ends_at"]))
            for each in exceptions
        ],
        "breadcrumbs": crumbs(f"Review of {review.site.name}", *ABOVE),
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
        operations.decide: "The review is decided.",
        operations.cancel: "The review is cancelled.",
    },
)


@APPROVERS.page
def approvers(request: HttpRequest) -> tuple[TablePage, Any]:
    table = table_kit.page(request, tables.APPROVERS, queries.approvers())
    return table, lambda: {"breadcrumbs": crumbs("Approvers", *ABOVE)}


@reads(*SEE_APPROVERS)
def approver(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(queries.approvers(), pk=pk)
    context = {
        "approver": person,
        "may_remove": may_offer(request.user, operations.MAY_REMOVE, person),
        "breadcrumbs": crumbs(str(person), *ABOVE),
    }
    return answers.page(request, "readiness/reviews/approver.html", context)


@asks(*SEE_APPROVERS, operations.MAY_NAME)
def add_approver(request: HttpRequest) -> HttpResponse:
    initial = {
        name_approver: request.GET[name_approver]
        for name_approver in ("domain", "site")
        if name_approver in request.GET
    }
    form = ApproverForm(request.POST or None, initial=initial)
    make = lambda: operations.add_approver(**form.cleaned_data, by=reader(request), now=now())  # noqa: E731
    return _form(request, form, make, "Add approver", reverse("approvers"))


@require_POST
@require(*SEE_APPROVERS, operations.MAY_REMOVE)
@never_cache
def remove_approver(request: HttpRequest, pk: int) -> HttpResponse:
    approver = get_object_or_404(queries.approvers(), pk=pk)
    operations.remove_approver(approver, by=reader(request), now=now())
    messages.success(request, "The person may no longer sign there.")
    return HttpResponseRedirect(reverse("approvers"))


@asks(*SEE, operations.MAY_CHANGE)
def name_approver(request: HttpRequest, pk: int, domain: str) -> HttpResponse:
    if domain not in SigningDomain.values:
        raise Http404
    review = get_object_or_404(Review.objects.select_related("site"), pk=pk)
    form = NameForm(request.POST or None, users=operations.candidates(review.site)[domain])
    save = lambda: operations.name_approver(  # noqa: E731
        review, domain=domain, by=reader(request), now=now(), **form.cleaned_data
    )
    heading = f"Name the signer for {SigningDomain(domain).label} at {review.site.name}"
    return _form(request, form, save, heading, link("review", pk), above=review)


@asks(*SEE)
def add_action(request: HttpRequest, pk: int) -> HttpResponse:
    operations.refuse_others(pk, by=reader(request))
    review = get_object_or_404(Review.objects.select_related("site"), pk=pk)
    form = ActionForm(request.POST or None)
    make = lambda: operations.add_action(review, **form.cleaned_data, by=reader(request), now=now())  # noqa: E731
    return _form(request, form, make, "Add an action", link("review", pk), above=review)


@require(*SEE)
@require_GET
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """An action has no page of its own; its review shows it."""
    return HttpResponseRedirect(link("review", _action(pk).review_id))


@asks(*SEE, operations.MAY_CHANGE)
def edit_action(request: HttpRequest, pk: int) -> HttpResponse:
    action = _action(pk)
    form = ActionForm(request.POST or None, action=action)
    save = lambda: operations.change_action(action, **form.cleaned_data, by=reader(request), now=now())  # noqa: E731
    page = link("review", action.review_id)
    return _form(request, form, save, "Change the action", page, above=action.review)


def _form(
    request: HttpRequest,
    form: RefusedForm,
    act: Callable[[], Any],
    heading: str,
    back: str,
    above: Review | None = None,
) -> HttpResponse:
    led = [(f"Review of {above.site.name}", link("review", above.pk))] if above is not None else []
    way = crumbs(heading, *ABOVE, *led)
    return form_page(request, form, act, heading=heading, done="Saved.", back=back, breadcrumbs=way)


def _action(pk: int) -> ReviewAction:
    return get_object_or_404(ReviewAction.objects.select_related("review__site"), pk=pk)


def _show_review(
    request: HttpRequest, action: ReviewAction, refusals: Sequence[str], status: int
) -> HttpResponse:
    return show(request, queries.whole_reviews().get(pk=action.review_id), refusals, status)


ACTION_STEPS = StepPages(
    page="review-action",
    see=SEE,
    find=_action,
    show=_show_review,
    done={operations.close: "The action is closed."},
    to=lambda _request, action: link("review", action.review_id),
)
