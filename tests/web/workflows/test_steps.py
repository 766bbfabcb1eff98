"""Every step of every workflow: who comes to it, by page and by API, and in which order a refusal is found."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import get_resolver, reverse

from accounts.roles import ROLES
from readiness.assessment.grants.models import Grant
from readiness.organisation.people.models import Person
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from web.permissions import MissingPermission
from web.workflows import NotInState, Workflow

pytestmark = pytest.mark.django_db
MISSING_PK = 999_999
AT_ANOTHER_ENDPOINT = {"campaign-delete": "DELETE of the campaign", "decision-review": "POST realised/"}


def routes(patterns=None):
    for each in get_resolver("config.urls").url_patterns if patterns is None else patterns:
        if hasattr(each, "url_patterns"):
            yield from routes(each.url_patterns)
        else:
            yield each


STEPS = {route.name: route.callback.step for route in routes() if hasattr(route.callback, "step")}
ENDPOINTS = {
    (route.callback.cls.queryset.model, action): getattr(route.callback.cls, action)
    for route in routes()
    for method, action in getattr(route.callback, "actions", {}).items()
    if method == "post" and route.callback.cls.queryset is not None
}
VIEWSETS = {
    route.callback.cls.queryset.model: route.callback.cls
    for route in routes()
    if getattr(route.callback, "actions", None) and route.callback.cls.queryset is not None
}
LOCKED_BEFORE = {step.workflow.model: step.workflow for step in STEPS.values() if step.workflow.lock_before}
LACKING = [
    (name, role)
    for name, step in STEPS.items()
    for role in ROLES
    if step.any_of and not any(ROLES[role].may(permission) for permission in step.any_of)
]


def test_there_are_steps_to_look_at():
    assert {"waiver-approve", "campaign-finish", "review-sign", "assignment-accept"} <= set(STEPS)


@pytest.mark.parametrize("name", sorted(set(STEPS) - set(AT_ANOTHER_ENDPOINT)))
def test_a_step_has_an_endpoint_that_says_what_it_does_and_asks_the_same(name):
    step = STEPS[name]
    endpoint = ENDPOINTS[step.workflow.model, step.name]
    assert step.summary
    [permission] = endpoint.kwargs["permission_classes"]
    for role in ROLES.values():
        reader = type("Reader", (), {"has_perm": staticmethod(role.may)})
        request = type("Request", (), {"user": reader, "method": "POST"})
        comes_to_it = any(role.may(each) for each in step.any_of)
        assert (permission().needed(request, None) == []) is comes_to_it, role.name


def test_an_endpoint_without_an_operation_for_it_deletes_all_the_same(api_of):
    person = people.person()
    assert api_of("manager").delete(f"/api/people/people/{person.pk}/").status_code == 204
    assert not Person.objects.exists()


@pytest.mark.parametrize("model", LOCKED_BEFORE, ids=lambda model: model.__name__)
def test_an_endpoint_locks_first_what_its_steps_do(model):
    assert VIEWSETS[model].workflow is LOCKED_BEFORE[model]


@pytest.mark.parametrize(("name", "role"), LACKING)
def test_who_lacks_the_permission_is_told_which_before_anything_is_looked_up(client_of, name, role):
    step = STEPS[name]
    answer = client_of(role).post(reverse(name, args=[MISSING_PK]), {"note": "x"})
    assert answer.status_code == 403
    may_see = f"{step.workflow.model._meta.app_label}.view_{step.workflow.model._meta.model_name}"
    assert {step.any_of[0], may_see} & set(re.findall(r"\w+\.\w+", answer.text))


@pytest.mark.parametrize("name", sorted(STEPS))
def test_what_is_not_there_is_not_found(client_of, name):
    assert client_of("admin").post(reverse(name, args=[MISSING_PK]), {"note": "x"}).status_code == 404


class NotYours(PermissionDenied):
    pass


def not_yours(grant, by):
    if grant.requested_by_id == by.pk:
        raise NotYours("This is your own.")


FLOW = Workflow(model=Grant, states=dict(Grant.State.choices))


@FLOW.step(after=["requested"], any_of=("grants.approve_grant",), refuse=not_yours, must_say=True)
def stamp(grant, *, note, by, now):
    """Stamp it."""
    grant.reason = note
    grant.save(update_fields=["reason"])


@pytest.fixture
def grant_of(user_of, frozen_now):
    def make(by, state="requested"):
        now, decided = frozen_now.at, {}
        if state == "denied":
            decided = {"approver": user_of("manager"), "decided_at": now}
        return Grant.objects.create(
            site=made.site(),
            kind="waiver",
            check_id="p1-x",
            reason="x",
            requested_by=by,
            requested_at=now,
            starts_at=now,
            ends_at=now + timedelta(days=3),
            state=state,
            **decided,
        )

    return make


@pytest.mark.parametrize(
    ("role", "own", "state", "note", "refusal"),
    [
        pytest.param("ops", True, "denied", "", MissingPermission, id="the permission comes first"),
        pytest.param("admin", True, "denied", "", NotYours, id="then whose it is"),
        pytest.param("admin", False, "denied", "", NotInState, id="then the state"),
        pytest.param("admin", False, "requested", " ", ValidationError, id="then the words"),
        pytest.param("admin", False, "requested", "x" * 2001, ValidationError, id="and how long they are"),
        pytest.param("admin", False, "requested", " Seen ", None, id="and then it is written"),
    ],
)
def test_refusals_come_in_order_and_write_nothing(
    user_of, grant_of, frozen_now, role, own, state, note, refusal
):
    by = user_of(role)
    grant = grant_of(by if own else user_of("planner"), state)
    if refusal is None:
        assert stamp(grant, note=note, by=by, now=frozen_now.at).reason == "Seen"
        assert Grant.objects.get().reason == "Seen"
        return
    with pytest.raises(refusal):
        stamp(grant, note=note, by=by, now=frozen_now.at)
    assert Grant.objects.get().reason == "x"


def test_what_was_deleted_meanwhile_is_gone(user_of, grant_of, frozen_now):
    grant, admin = grant_of(user_of("planner")), user_of("admin")
    Grant.objects.all().delete()
    with pytest.raises(NotInState, match="is gone"):
        stamp(grant, note="x", by=admin, now=frozen_now.at)


def test_what_was_written_with_a_refused_step_is_kept(client_of, user_of, grant_of):
    grant = grant_of(user_of("planner"))
    note = "Long enough to be worth keeping. " * 100
    page = client_of("manager").post(reverse("waiver-deny", args=[grant.pk]), {"note": note})
    assert (page.status_code, page.context["refusals"]) == (422, ["2,000 characters at most."])
    written = {name: offer["written"] for name, offer in page.context["steps"].items()}
    assert written == {"approve": "", "deny": note, "revoke": ""}
    assert page.text.count(f">{note}</textarea>") == 1


def test_only_some_steps_are_taken_by_the_clock(user_of, grant_of, frozen_now):
    assert [name for name, step in STEPS.items() if step.by_clock] == ["decision-review"]
    with pytest.raises(AttributeError):
        stamp(grant_of(user_of("planner")), note="x", by=None, now=frozen_now.at)
    assert Grant.objects.get().reason == "x"


def test_why_not_names_roles_and_what_they_may(user_of, grant_of):
    grant, planner, admin = grant_of(user_of("planner")), user_of("planner"), user_of("admin")
    assert stamp.why_not(grant, planner) == (
        "Only the role manager or admin may approve, deny and revoke grants."
    )
    assert stamp.why_not(grant, admin) == ""
    assert stamp.why_not(grant_of(admin), admin) == "This is your own."
