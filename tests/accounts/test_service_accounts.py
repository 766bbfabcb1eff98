"""Service accounts: programs act with them, and a person answers for each."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import ExternalIdentity, User
from accounts.operations import NotAllowed, change_user, create_token, create_user, set_password
from tests.conftest import NOW, PASSWORD, ApiClient
from web.accounts.token_faults import faults
from web.workflows.second import NO_PERSON, SamePerson, refuse_same_person, same_person

pytestmark = pytest.mark.django_db
USERS = "/api/accounts/users/"
PURPOSE = "Writes the inventory every night"


@pytest.fixture
def program(ops):
    return create_user(
        username="importer", role="planner", kind="service", owner=ops, purpose=PURPOSE, by=None, now=NOW
    )


def unowned_accounts():
    return [fault.key for fault in faults(NOW)]


def forget_owner(account):
    """Take the owner away, as accounts had none before owners were required."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        User.objects.filter(pk=account.pk).update(owner=None, purpose="")
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_service_account_is_made_on_a_page_and_gets_its_token_there(client_of, ops):
    client = client_of("admin")
    body = {"username": "importer", "purpose": PURPOSE, "owner": ops.pk, "role": "planner"}
    answer = client.post("/settings/users/add/service-account/", body)
    program = User.objects.get(username="importer")
    assert answer["Location"] == f"/settings/users/{program.pk}/"
    assert (program.kind, program.owner, program.purpose) == ("service", ops, PURPOSE)
    token = {"name": "nightly", "scope": "write", "lifetime": "90"}
    plain = client.post(f"/settings/users/{program.pk}/add-token/", token).context["plain"]
    assert ApiClient(plain).get("/api/authentication-check/").json()["user"]["username"] == "importer"
    assert client.post(f"/settings/users/{ops.pk}/add-token/", token).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"owner": ""}, "owner", id="no owner"),
        pytest.param({"owner": "program"}, "owner", id="a program owns"),
        pytest.param({"owner": "gone"}, "owner", id="somebody who has left owns"),
        pytest.param({"owner": "nobody"}, "owner", id="somebody who cannot sign in owns"),
        pytest.param({"purpose": " "}, "purpose", id="no purpose"),
    ],
)
def test_owner_and_purpose_are_asked_for_at_their_fields(client_of, api_of, user_of, program, changes, field):
    people = {"program": program, "gone": user_of("viewer", username="gone")}
    people["nobody"] = user_of("viewer", username="nobody", password=None)
    change_user(people["gone"], is_active=False, by=None, now=NOW)
    changes = {name: people[value].pk if value in people else value for name, value in changes.items()}
    body = {"username": "x", "purpose": PURPOSE, "owner": program.owner_id, "role": "ops"} | changes
    form = client_of("admin").post("/settings/users/add/service-account/", body).context["form"]
    assert list(form.errors) == [field]
    body["owner"] = body["owner"] or None
    answer = api_of("admin").post(USERS, body | {"kind": "service"})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not User.objects.filter(username="x").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "service", "password": PASSWORD}, "password"),
        ({"kind": "person", "purpose": PURPOSE}, "purpose"),
        ({"kind": "robot"}, "kind"),
    ],
)
def test_what_does_not_go_together_is_refused_by_field(api_of, ops, changes, field):
    body = {"username": "x", "role": "ops"} | changes
    if changes["kind"] == "service":
        body |= {"owner": ops.pk, "purpose": PURPOSE}
    answer = api_of("admin").post(USERS, body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_the_endpoint_tells_and_changes_owner_and_purpose(api_of, program, ops, user_of):
    api, ana = api_of("admin"), user_of("viewer", username="ana")
    account = api.get(f"{USERS}{program.pk}/").json()
    assert (account["kind"]["value"], account["owner"]["display"], account["purpose"]) == (
        "service",
        "ops",
        PURPOSE,
    )
    changed = api.patch(f"{USERS}{program.pk}/", {"owner": {"username": "ana"}, "purpose": "Reads"}).json()
    assert (changed["owner"]["display"], changed["purpose"]) == ("ana", "Reads")
    refusal = api.patch(f"{USERS}{program.pk}/", {"owner": None})
    assert (refusal.status_code, list(refusal.json())) == (400, ["owner"])
    assert User.objects.get(pk=program.pk).owner == ana
    assert [user["username"] for user in api.get(f"{USERS}?owner=ana").json()["results"]] == ["importer"]


def test_a_change_of_the_owner_is_in_the_history(client_of, program, user_of):
    ana = user_of("viewer", username="ana")
    client = client_of("admin")
    page = client.get(f"/settings/users/{program.pk}/").context["form"]
    initial_values = {name: page[name].value() for name in ("purpose", "role", "is_active")}
    assert (
        client.post(f"/settings/users/{program.pk}/", initial_values | {"owner": ana.pk}).status_code == 302
    )
    history = client.get(f"/history/?model=accounts.user&id={program.pk}").text
    assert "owner" in history.casefold()
    assert User.objects.get(pk=program.pk).owner == ana


@pytest.mark.parametrize("column", ["owner", "purpose"])
def test_the_database_wants_owner_and_purpose(program, column):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=program.pk).update(**{column: None if column == "owner" else ""})


def test_the_database_refuses_an_owner_that_is_no_person(program, ops, user_of):
    other = user_of("ops", username="other", kind="service", owner=ops)
    for owner in (other, user_of("viewer", username="nobody", password=None)):
        with pytest.raises(IntegrityError, match="a person who can sign in"), transaction.atomic():
            User.objects.filter(pk=program.pk).update(owner=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ops.pk).update(purpose=PURPOSE)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ops.pk).update(kind="service", owner=user_of("viewer"), purpose=PURPOSE)


def test_whoever_signs_in_by_the_provider_may_own_one(user_of):
    ana = user_of("viewer", username="ana", password=None)
    ExternalIdentity.objects.create(user=ana, issuer="https://id.example", subject="a", seen_at=NOW)
    assert user_of("ops", username="importer", kind="service", owner=ana).owner == ana


def test_a_service_account_has_no_password_and_no_session(program, admin, client):
    with pytest.raises(NotAllowed):
        set_password(program, PASSWORD, by=admin, now=NOW)
    with pytest.raises(CommandError, match="no active person"):
        call_command("sign_in_link", "--user=importer", "--base-url=http://x")
    client.force_login(program)
    assert client.get("/settings/").status_code == 302


def test_only_service_accounts_get_tokens_from_administrators(admin, user_of):
    awaited = user_of("ops", username="awaited", password=None)
    with pytest.raises(NotAllowed, match="service account"):
        create_token(user=awaited, name="x", by=admin, now=NOW)


def test_an_account_becomes_a_service_account_and_a_person_s_again(api_of, ops, user_of):
    api, former = api_of("admin"), user_of("ops", username="former", password=None)
    body = {"kind": "service", "owner": ops.pk, "purpose": PURPOSE}
    assert api.patch(f"{USERS}{former.pk}/", body).status_code == 200
    assert api.patch(f"{USERS}{former.pk}/", {"kind": "person"}).json()["owner"] is None
    for person in (ops, former):
        change_user(former, kind="person", by=None, now=NOW)
        answer = api.patch(f"{USERS}{person.pk}/", body | {"owner": user_of("viewer").pk})
        assert answer.status_code == (200 if person == former else 400)


def test_nobody_who_answers_is_something_to_mend(client_of, program, ops):
    assert unowned_accounts() == []
    change_user(ops, is_active=False, by=None, now=NOW)
    assert unowned_accounts() == ["service-accounts-unowned"]
    client = client_of("admin")
    rows = client.get("/settings/users/?unowned=true").context["table"].rows
    assert [row.object for row in rows] == [program]
    assert "who answers for it, is deactivated" in client.get(f"/settings/users/{program.pk}/").text
    forget_owner(program)
    assert "it has no owner" in client.get(f"/settings/users/{program.pk}/").text
    # Other changes of such an account go on; what is entered has to be right.
    change_user(program, role="viewer", by=None, now=NOW)
    with pytest.raises(ValidationError):
        change_user(program, owner=ops, by=None, now=NOW)
    change_user(program, owner=User.objects.get(username="admin"), purpose=PURPOSE, by=None, now=NOW)
    assert unowned_accounts() == []


def test_nobody_is_the_second_person_after_their_own_program(program, ops, user_of):
    later = NOW + timedelta(days=365)
    other = user_of("ops", username="other", kind="service", owner=ops)
    for first in (program, other):
        with pytest.raises(SamePerson, match="service account that the other owns"):
            refuse_same_person(first.pk, ops, now=later)
    assert same_person(program, other, now=later)
    ana = user_of("planner", username="ana")
    refuse_same_person(program.pk, ana, now=later)
    change_user(program, owner=ana, by=None, now=NOW)
    refuse_same_person(program.pk, ops, now=later)


def test_a_program_is_no_second_person(program, ops):
    with pytest.raises(SamePerson, match=NO_PERSON):
        refuse_same_person(ops.pk, program, now=NOW + timedelta(days=365))
