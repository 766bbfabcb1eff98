"""Nobody signs for another: acceptances, sign-offs, waivers, decisions and tokens, by page and by endpoint."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.urls import get_resolver
from rest_framework.fields import Field

from accounts.models import User
from readiness.assessment.evidence.models import SignOff
from readiness.assessment.grants.models import Grant
from readiness.demand.workloads.models import WorkloadClass
from readiness.golive.reviews import operations as reviews
from readiness.organisation.ownership import operations as ownership
from readiness.organisation.ownership import rules
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.models import Assignment, Confirmation
from readiness.organisation.people import operations as people_operations
from readiness.tradeoffs.models import Decision
from tests.inventory import made
from tests.readiness.organisation.people import made as people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ana(user_of):
    return user_of("viewer", username="ana", name="Ana Reis")


@pytest.fixture
def ana_in_person(ana):
    return people.person(name="Ana Reis", user=ana)


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto", stage="commissioning")


@pytest.fixture
def assignment(porto, ana_in_person, manager, frozen_now):
    proposal = ownership.Proposal(
        site=porto,
        item=Item.ORCHESTRATION,
        accountable=ana_in_person,
        team=people.team(),
        decision_rights="May stop any placement.",
    )
    return ownership.propose(proposal, by=manager, now=frozen_now.at)


def link(person, user, *, asked_by, now):
    people_operations.request_link(person, user=user, by=asked_by, now=now)
    return people_operations.confirm_link(person, by=user, now=now)


class TestOwnership:
    @pytest.mark.parametrize("step", ["accept", "decline", "confirm"])
    @pytest.mark.parametrize("role", ["manager", "admin"])
    def test_a_person_cannot_be_borrowed_to_answer(
        self, assignment, ana, ana_in_person, api_of, client_of, user_of, frozen_now, role, step
    ):
        if step == "confirm":
            ownership.accept(assignment, by=ana, now=frozen_now.at)
        api, borrower, person = api_of(role), user_of(role), f"/api/people/people/{ana_in_person.pk}/"
        assert api.patch(person, {"user": borrower.pk}).status_code == 400
        assert api.post(f"{person}request-link/", {"user": borrower.pk}).status_code == 400
        assert api.post(f"{person}unlink/").status_code == 204
        assert api.post(f"{person}request-link/", {"user": borrower.pk}).status_code == 400
        assert api.post(f"{person}confirm-link/").status_code == 403
        sent = {"note": "Yes", "by": ana.pk, "user": ana.pk, "answered_by": ana.pk}
        endpoint = f"/api/ownership/assignments/{assignment.pk}/{step}/"
        assert api.post(endpoint, sent).status_code in {400, 403}
        assert api.post(endpoint, {} if step == "confirm" else {"note": "Yes"}).status_code == 403
        page = client_of(role).post(f"/ownership/assignments/{assignment.pk}/{step}/", sent)
        assert page.status_code == 403
        assignment.refresh_from_db()
        assert assignment.answered_by == (ana if step == "confirm" else None)
        assert {each.by for each in assignment.confirmations.all()} <= {ana}

    def test_a_requested_link_does_not_answer_yet(
        self, assignment, ana_in_person, ana, manager, ops, frozen_now
    ):
        now = frozen_now.at
        people_operations.unlink(ana_in_person, by=manager, now=now)
        people_operations.request_link(ana_in_person, user=ops, by=manager, now=now)
        for user in (ana, ops, manager):
            with pytest.raises(rules.NotThePersonNamed):
                ownership.accept(assignment, by=user, now=now)

    def test_who_accepted_stays_when_the_person_is_linked_anew(
        self, assignment, ana, ana_in_person, manager, ops, api_of, client_of, frozen_now
    ):
        ownership.accept(assignment, by=ana, now=frozen_now.at)
        people_operations.unlink(ana_in_person, by=manager, now=frozen_now.at)
        link(ana_in_person, ops, asked_by=manager, now=frozen_now.move(days=1))
        shown = api_of("manager").get(f"/api/ownership/assignments/{assignment.pk}/").json()
        assert shown["answered_by"]["id"] == ana.pk
        page = client_of("manager").get(f"/ownership/assignments/{assignment.pk}/")
        assert "<dt>Answered by</dt><dd>ana</dd>" in page.text
        assert (
            api_of("viewer").get(f"/api/ownership/assignments/{assignment.pk}/").json()["answered_by"] is None
        )

    def test_the_database_keeps_who_answered(self, assignment, ana, manager, frozen_now):
        ownership.accept(assignment, by=ana, now=frozen_now.at)
        for rows, values in (
            (Assignment.objects.filter(pk=assignment.pk), {"answered_by": manager}),
            (Confirmation.objects.filter(assignment=assignment), {"by": manager}),
        ):
            with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
                rows.update(**values)


@pytest.fixture
def grant_of(porto, frozen_now):
    """A waiver that this user asked for."""

    def make(user):
        return Grant.objects.create(
            site=porto,
            kind="waiver",
            check_id="p2-backup-power",
            reason="UPS B is being replaced",
            requested_by=user,
            requested_at=frozen_now.at,
            starts_at=frozen_now.at,
            ends_at=frozen_now.at + 7 * DAY,
        )

    return make


@pytest.fixture
def decision_of(porto, frozen_now):
    """A decision that this user recorded."""

    def make(user):
        workload = WorkloadClass.objects.create(name="Vision", slug="vision")
        return Decision.objects.create(
            workload=workload,
            workload_slug="vision",
            workload_name="Vision",
            site=porto,
            rationale="Nearest",
            decided_by=user,
            decided_at=frozen_now.at,
            due_on=(frozen_now.at + 30 * DAY).date(),
        )

    return make


PAGES = {
    "waiver approve": "/waivers/{}/approve/",
    "waiver deny": "/waivers/{}/deny/",
    "decision approve": "/decisions/{}/approve/",
    "decision reject": "/decisions/{}/reject/",
}
ENDPOINTS = {
    "waiver approve": "/api/readiness/waivers/{}/approve/",
    "waiver deny": "/api/readiness/waivers/{}/deny/",
    "decision approve": "/api/tradeoffs/decisions/{}/approve/",
    "decision reject": "/api/tradeoffs/decisions/{}/reject/",
}


class TestSecondPerson:
    @pytest.fixture
    def own(self, grant_of, decision_of, user_of):
        """`own("waiver approve", role)`: what a user of this role asked for, and may otherwise answer."""

        def make(step, role):
            user = user_of(role)
            for name in ("grants.add_grant", "tradeoffs.add_decision"):
                user.user_permissions.add(_permission(*name.split(".")))
            return (grant_of if step.startswith("waiver") else decision_of)(user)

        return make

    @pytest.mark.parametrize("step", sorted(PAGES))
    @pytest.mark.parametrize("role", ["manager", "admin"])
    def test_nobody_answers_themselves_in_anothers_name(
        self, own, ana, ana_in_person, api_of, client_of, role, step
    ):
        row = own(step, role)
        sent = {"note": "Fine"} | dict.fromkeys(
            ("by", "user", "approver", "answered_by", "requested_by", "decided_by"), ana.pk
        )
        api = api_of(role)
        api.post(f"/api/people/people/{ana_in_person.pk}/unlink/")
        assert api.post(ENDPOINTS[step].format(row.pk), sent).status_code == 400
        assert api.post(ENDPOINTS[step].format(row.pk), {"note": "Fine"}).status_code == 403
        assert client_of(role).post(PAGES[step].format(row.pk), sent).status_code == 403
        row.refresh_from_db()
        assert row.state in {"requested", "recorded"}

    @pytest.mark.parametrize("step", sorted(PAGES))
    def test_a_body_names_nobody_and_the_sessions_user_is_kept(self, own, ana, manager, api_of, step):
        row = own(step, "planner")
        for name in ("by", "user", "approver", "answered_by"):
            answer = api_of("manager").post(ENDPOINTS[step].format(row.pk), {"note": "Fine", name: ana.pk})
            assert (answer.status_code, list(answer.json())) == (400, [name])
        assert api_of("manager").post(ENDPOINTS[step].format(row.pk), {"note": "Fine"}).status_code == 200
        row.refresh_from_db()
        field = "approver" if isinstance(row, Grant) else "answered_by"
        assert getattr(row, field) == manager
        with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**{field: ana})


class TestSignOffs:
    @pytest.fixture
    def review(self, porto, ana, manager, frozen_now):
        reviews.add_approver(domain="energy", user=ana, by=manager, now=frozen_now.at)
        return reviews.open_review(site=porto, by=manager, now=frozen_now.at)

    @pytest.mark.parametrize("step", ["sign", "decline"])
    @pytest.mark.parametrize("role", ["manager", "admin"])
    def test_nobody_signs_for_who_is_named(self, review, ana, api_of, client_of, role, step):
        sent = {"note": "Seen", "domain": "energy"} | dict.fromkeys(
            ("by", "user", "signed_by", "approver"), ana.pk
        )
        endpoint = f"/api/readiness/reviews/{review.pk}/{step}/"
        assert api_of(role).post(endpoint, sent).status_code == 400
        assert api_of(role).post(endpoint, {"note": "Seen"}).status_code == 403
        assert client_of(role).post(f"/readiness/reviews/{review.pk}/{step}/", sent).status_code == 403
        energy = SignOff.objects.get(review=review, domain="energy")
        assert (energy.state, energy.signed_by) == ("waiting", None)


class TestTokens:
    def test_an_administrator_makes_no_token_of_somebody_who_signs_in(self, ana, api_of):
        answer = api_of("admin").post(
            "/api/accounts/tokens/", {"user": ana.pk, "name": "x", "scope": "write"}
        )
        assert answer.status_code == 403
        assert not ana.tokens.exists()

    def test_a_user_of_programs_gets_them_from_an_administrator(self, admin, user_of, api_of, frozen_now):
        program = user_of("planner", username="importer", kind="service")
        answer = api_of("admin").post(
            "/api/accounts/tokens/", {"user": program.pk, "name": "x", "scope": "write"}
        )
        assert answer.status_code == 201
        assert (program.tokens.get().user, program.tokens.get().created_by) == (program, admin)


SIGNATURES = (
    *("answered_by", "approver", "closed_by", "decided_by", "dropped_by", "ended_by", "opened_by"),
    *("proposed_by", "published_by", "requested_by", "revoked_by", "signed_by", "withdrawn_by", "done_by"),
)


def test_no_signature_goes_with_the_account():
    lost = {
        str(field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if model.__module__.startswith("readiness.") and not model.__name__.endswith("Event")
        if field.related_model is User and field.name in SIGNATURES
        if field.remote_field.on_delete is not models.PROTECT
    }
    assert lost == set()


# Fields by which a writer names another user, and what naming them does: it asks them, and never answers for them.
ASKS = {
    ("ApproverSerializer", "user"): "may be asked to sign",
    ("PersonSerializer", "user"): "only as it is already",
    ("TokenSerializer", "user"): "users of programs",
    ("NewTokenSerializer", "user"): "users of programs",
    ("UserSerializer", "owner"): "answers for the program",
    ("HandOverSerializer", "to"): "answers for the programs",
    ("SourceSerializer", "owner"): "answers for the sender",
    ("AlertSenderSerializer", "owner"): "answers for the sender",
    ("WorkItemSerializer", "owner"): "is to resolve it",
    ("ActionSerializer", "owner"): "is to do it",
    ("ActionChangeSerializer", "owner"): "is to do it",
    ("ItemSerializer", "assignee"): "is to run it",
    ("AttestationSerializer", "attester"): "is asked to confirm it",
}


def test_no_endpoint_lets_the_writer_say_who_acts():
    named = {}
    for serializer in _serializers():
        for name, field in serializer().get_fields().items():
            names_a_user = getattr(getattr(field, "queryset", None), "model", None) is User
            if names_a_user and isinstance(field, Field) and not field.read_only:
                named[serializer.__name__, name] = field
    assert named.keys() <= ASKS.keys()


def _serializers():
    views = set(_views(get_resolver("config.urls").url_patterns))
    found = {view.serializer_class for view in views if hasattr(view, "create") and view.serializer_class}
    return sorted((each for each in found if hasattr(each, "Meta")), key=lambda each: each.__qualname__)


def _views(patterns):
    for each in patterns:
        if hasattr(each, "url_patterns"):
            yield from _views(each.url_patterns)
        elif (view := getattr(each.callback, "cls", None)) is not None:
            yield view


def _permission(app, codename):
    from django.contrib.auth.models import Permission

    return Permission.objects.get(content_type__app_label=app, codename=codename)
