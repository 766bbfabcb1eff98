"""/api/accounts/ and /api/authentication-check/."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Token, User
from accounts.operations import change_user, create_source_token, create_token
from accounts.queries import role_of
from tests.conftest import NOW, PASSWORD, ApiClient

USERS, TOKENS = "/api/accounts/users/", "/api/accounts/tokens/"
NEW = {
    "username": "mira",
    "name": "Mira Kovač",
    "email": "mira@example.org",
    "role": "planner",
    "password": PASSWORD,
}


def iso(at):
    return at.isoformat().replace("+00:00", "Z")


def test_both_words_for_a_bearer_are_understood(ops, client):
    _, plain = create_token(user=ops, name="script", by=None, now=NOW)
    for word in ("Bearer", "Token", "bearer"):
        answer = client.get("/api/authentication-check/", headers={"authorization": f"{word} {plain}"})
        assert answer.status_code == 200


def test_authentication_check_says_who_and_what_with(ops):
    token, plain = create_token(user=ops, name="script", by=None, now=NOW)
    said = ApiClient(plain).get("/api/authentication-check/").json()
    assert said["user"] == {
        "id": ops.pk,
        "url": f"http://testserver{USERS}{ops.pk}/",
        "display": "ops",
        "username": "ops",
        "role": "ops",
    }
    assert said["token"] == {"prefix": token.prefix, "scope": "read", "expires_at": None}
    assert "inventory.view_site" in said["permissions"]
    assert "inventory.add_site" not in said["permissions"]


def test_authentication_check_takes_a_session_too(client_of):
    said = client_of("viewer").get("/api/authentication-check/").json()
    assert (said["user"]["username"], said["token"]) == ("viewer", None)


def test_a_user_reads_as_written(api_of):
    made = api_of("admin").post(USERS, NEW).json()
    assert made["role"] == {"value": "planner", "label": "planner"}
    assert (made["username"], made["name"], made["email"]) == ("mira", "Mira Kovač", "mira@example.org")
    assert (made["is_active"], made["last_login"]) == (True, None)
    assert made["display_url"] == f"http://testserver/settings/users/{made['id']}/"
    assert "password" not in made
    assert User.objects.get(username="mira").check_password(PASSWORD)


def test_a_user_without_password_is_for_tokens_only(api_of):
    given = {name: value for name, value in NEW.items() if name != "password"}
    api_of("admin").post(USERS, given | {"is_active": False})
    mira = User.objects.get(username="mira")
    assert (mira.has_usable_password(), mira.is_active) == (False, False)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": "boss"}, "role"),
        ({"role": None}, "role"),
        ({"username": "a b"}, "username"),
        ({"username": "admin"}, "username"),
        ({"username": "\x00"}, "username"),
        ({"username": ["x"]}, "username"),
        ({"email": "nonsense"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": ["x"]}, "password"),
        ({"name": "x" * 301}, "name"),
        ({"is_active": "perhaps"}, "is_active"),
    ],
)
def test_a_user_that_cannot_be_is_refused_by_field(api_of, given, field):
    answer = api_of("admin").post(USERS, NEW | given)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not User.objects.filter(email="mira@example.org").exists()


def test_role_password_and_access_are_changed(api_of, ops):
    api = api_of("admin")
    path = f"{USERS}{ops.pk}/"
    assert api.patch(path, {"role": {"value": "manager"}}).json()["role"]["value"] == "manager"
    assert api.patch(path, {"password": "another-long-enough-password"}).status_code == 200
    assert api.patch(path, {"is_active": False, "name": "Ola Nordmann"}).json()["name"] == "Ola Nordmann"
    ops = User.objects.get(pk=ops.pk)
    assert (role_of(ops), ops.is_active) == ("manager", False)
    assert ops.check_password("another-long-enough-password")


def test_nobody_is_deleted(api_of, ops):
    api = api_of("admin")
    assert api.delete(f"{USERS}{ops.pk}/").status_code == 405
    assert api.delete(USERS, [{"id": ops.pk}]).status_code == 405


def test_the_last_administrator_stays_one(api_of, admin):
    answer = api_of("admin").patch(f"{USERS}{admin.pk}/", {"role": "viewer"})
    assert answer.status_code == 403
    assert "last administrator" in answer.json()["detail"]
    assert User.objects.get(pk=admin.pk).is_superuser


def test_many_users_are_added_all_or_none(api_of):
    api = api_of("admin")
    two = [NEW | {"username": f"user-{n}", "email": f"user-{n}@example.org"} for n in range(2)]
    refused = api.post(USERS, [*two, NEW | {"role": "boss"}])
    assert refused.status_code == 400
    assert User.objects.count() == 1
    assert len(api.post(USERS, two).json()) == 2
    changed = api.patch(
        USERS, [{"id": u.pk, "role": "ops"} for u in User.objects.filter(username__startswith="user")]
    )
    assert [user["role"]["value"] for user in changed.json()] == ["ops", "ops"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("role=ops", {"ola"}),
        ("role=ops&role=planner", {"ola", "pia"}),
        ("username__isw=p", {"pia"}),
        ("is_active=false", {"pia"}),
        ("q=nordmann", {"ola"}),
    ],
)
def test_users_are_filtered(api_of, user_of, query, names):
    user_of("ops", username="ola", name="Ola Nordmann")
    pia = user_of("planner", username="pia")
    change_user(pia, is_active=False, by=None, now=NOW)
    found = api_of("admin").get(f"{USERS}?{query}").json()["results"]
    assert {user["username"] for user in found} == names


@pytest.mark.parametrize("query", ["role=boss", "password=x", "user=x", "is_superuser=true"])
def test_a_filter_that_is_none_is_refused(api_of, query):
    assert api_of("admin").get(f"{USERS}?{query}").status_code == 400


@pytest.mark.parametrize("role", ["viewer", "ops", "planner", "manager"])
def test_tokens_are_one_s_own(api_of, user_of, role):
    create_token(user=user_of("admin"), name="theirs", by=None, now=NOW)
    assert [token["name"] for token in api_of(role).get(TOKENS).json()["results"]] == [f"{role} write"]


def test_an_administrator_sees_all_tokens(api_of, ops):
    create_token(user=ops, name="theirs", by=None, now=NOW)
    api = api_of("admin")
    found = api.get(TOKENS).json()["results"]
    assert {token["name"] for token in found} == {"theirs", "admin write"}
    assert [token["name"] for token in api.get(f"{TOKENS}?user=ops").json()["results"]] == ["theirs"]


def test_a_token_s_secret_is_answered_once(api_of):
    api = api_of("ops")
    made = api.post(TOKENS, {"name": "nightly", "scope": "read"})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert ApiClient(secret).get("/api/authentication-check/").json()["token"]["scope"] == "read"
    again = api.get(f"{TOKENS}{made.json()['id']}/")
    assert "token" not in again.json()
    assert secret not in api.get(TOKENS).content.decode()
    for kept in ("digest", secret):
        assert kept not in again.content.decode()


def test_many_tokens_are_made_at_once(api_of):
    made = api_of("ops").post(TOKENS, [{"name": "one"}, {"name": "two"}]).json()
    assert len({token["token"] for token in made}) == 2


def test_an_administrator_makes_tokens_for_others_and_nobody_else_does(api_of, user_of):
    machine = user_of("ops", username="machine", kind="service")
    made = api_of("admin").post(TOKENS, {"name": "theirs", "user": {"username": "machine"}}).json()
    assert ApiClient(made["token"]).get("/api/authentication-check/").json()["user"]["username"] == "machine"
    refused = api_of("manager").post(TOKENS, {"name": "theirs", "user": machine.pk})
    assert (refused.status_code, machine.tokens.count()) == (403, 1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"name": "x", "scope": "all"}, "scope"),
        ({"name": "x", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "x", "expires_at": iso(NOW)}, "non_field_errors"),
        ({"name": "x", "user": 999999}, "user"),
    ],
)
def test_a_token_that_cannot_be_is_refused_by_field(api_of, frozen_now, given, field):
    api = api_of("ops")
    answer = api.post(TOKENS, given)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert Token.objects.count() == 1


def test_a_token_that_ends_makes_none_that_outlives_it(ops, frozen_now):
    ends = NOW + timedelta(days=1)
    _, plain = create_token(user=ops, name="short", scope="write", expires_at=ends, by=None, now=NOW)
    api = ApiClient(plain)
    refused = api.post(TOKENS, {"name": "long", "expires_at": iso(ends + timedelta(seconds=1))})
    assert list(refused.json()) == ["expires_at"]
    assert api.post(TOKENS, {"name": "unsaid"}).json()["expires_at"] == iso(ends)
    sooner = NOW + timedelta(hours=1)
    assert api.post(TOKENS, {"name": "sooner", "expires_at": iso(sooner)}).json()["expires_at"] == iso(sooner)


def test_a_token_that_may_read_makes_none(api_of):
    answer = api_of("admin", scope="read").post(TOKENS, {"name": "more", "scope": "write"})
    assert answer.status_code == 403
    assert "scope read" in answer.json()["detail"]


def test_deleting_a_token_revokes_it(api_of, ops):
    token, plain = create_token(user=ops, name="old", by=None, now=NOW)
    api = api_of("ops")
    assert api.delete(f"{TOKENS}{token.pk}/").status_code == 204
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 401
    assert api.get(f"{TOKENS}{token.pk}/").json()["enabled"] is False


def test_somebody_else_s_token_is_not_there(api_of, planner):
    token, plain = create_token(user=planner, name="theirs", by=None, now=NOW)
    api = api_of("ops")
    assert api.get(f"{TOKENS}{token.pk}/").status_code == 404
    assert api.delete(f"{TOKENS}{token.pk}/").status_code == 404
    assert api.delete(TOKENS, [{"id": token.pk}]).status_code == 400
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 200
    assert api_of("admin").delete(TOKENS, [{"id": token.pk}]).status_code == 204
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 401


def test_an_ended_token_opens_nothing(ops, frozen_now):
    _, plain = create_token(user=ops, name="x", expires_at=NOW + timedelta(minutes=1), by=None, now=NOW)
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 200
    frozen_now.move(minutes=1)
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 401


def test_a_token_that_sends_telemetry_opens_no_endpoint(ops):
    _, plain = create_source_token(name="x", by=ops, now=NOW)
    answer = ApiClient(plain).get("/api/authentication-check/")
    assert answer.status_code == 403
    assert "ingest" in answer.json()["detail"]


def test_a_token_for_telemetry_is_made_with_its_source(api_of):
    refused = api_of("ops").post(TOKENS, {"name": "x", "scope": "ingest"})
    assert refused.status_code == 400
    assert "made with its source" in str(refused.json())


def test_a_user_is_not_changed_over_a_newer_role(api_of, ops):
    api, one = api_of("admin"), f"/api/accounts/users/{ops.pk}/"
    read = {"if-match": api.get(one)["ETag"]}
    assert api.patch(one, {"role": "planner"}, headers=read).status_code == 200
    assert api.patch(one, {"role": "manager"}, headers=read).status_code == 412
    assert api.get(one).json()["role"]["value"] == "planner"


@pytest.mark.parametrize(
    ("body", "hours"),
    [
        pytest.param({}, 168, id="a week unless told"),
        pytest.param({"overlap_hours": 24}, 24, id="as told"),
        pytest.param({"overlap_hours": 0}, None, id="revoked at once"),
    ],
)
def test_a_token_is_replaced_with_an_overlap(api_of, ops, frozen_now, body, hours):
    api = api_of("ops")
    token = api.post(TOKENS, {"name": "script", "scope": "write"}).json()
    answer = api.post(f"{TOKENS}{token['id']}/replace/", body)
    successor = answer.json()
    assert answer.status_code == 201
    assert (successor["name"], successor["scope"]["value"], successor["expires_at"]) == (
        "script",
        "write",
        None,
    )
    assert ApiClient(successor["token"]).get("/api/authentication-check/").status_code == 200
    old = Token.objects.get(pk=token["id"])
    assert old.enabled == (hours is not None)
    assert old.expires_at == (frozen_now.at + timedelta(hours=hours) if hours else None)


@pytest.mark.parametrize("body", [{"overlap_hours": -1}, {"overlap_hours": 2161}, {"hours": 3}])
def test_an_overlap_that_cannot_be_is_refused(api_of, ops, body):
    api = api_of("ops")
    token = api.post(TOKENS, {"name": "script"}).json()
    answer = api.post(f"{TOKENS}{token['id']}/replace/", body)
    assert (answer.status_code, Token.objects.filter(name="script").count()) == (400, 1)


def test_a_program_replaces_its_own_token_but_not_that_of_one_task(ops, frozen_now):
    for days, status in ((90, 201), (29, 400)):
        ends_at = frozen_now.at + timedelta(days=days)
        token, plain = create_token(
            user=ops, name="script", scope="write", expires_at=ends_at, by=None, now=frozen_now.at
        )
        frozen_now.move(days=1)
        answer = ApiClient(plain).post(f"{TOKENS}{token.pk}/replace/", {})
        assert answer.status_code == status, answer.text
        if status == 201:
            assert answer.json()["replaces"]["id"] == token.pk
            assert Token.objects.get(replaces=token).expires_at == ends_at + timedelta(days=1)


@pytest.mark.parametrize("days", [None, 90], ids=["without an end", "for 90 days"])
def test_a_program_that_lost_the_secret_of_its_successor_replaces_its_token_again(ops, frozen_now, days):
    ends_at = days and frozen_now.at + timedelta(days=days)
    token, plain = create_token(
        user=ops, name="script", scope="write", expires_at=ends_at, by=None, now=frozen_now.at
    )
    program = ApiClient(plain)
    frozen_now.move(days=10)
    lost_token = program.post(f"{TOKENS}{token.pk}/replace/", {}).json()
    assert program.delete(f"{TOKENS}{lost_token['id']}/").status_code == 204
    answer = program.post(f"{TOKENS}{token.pk}/replace/", {})
    assert answer.status_code == 201, answer.text
    successor = Token.objects.get(pk=answer.json()["id"])
    assert successor.expires_at == (days and frozen_now.at + timedelta(days=days))


def test_a_token_ends_within_a_hundred_years(api_of, ops, frozen_now):
    answer = api_of("ops").post(TOKENS, {"name": "script", "expires_at": "9999-12-31T23:59:59Z"})
    assert (answer.status_code, "expires_at" in answer.json()) == (400, True)
    token, _ = create_token(user=ops, name="script", by=None, now=frozen_now.at)
    Token.objects.filter(pk=token.pk).update(expires_at=datetime(9999, 12, 31, tzinfo=UTC))
    assert api_of("ops").post(f"{TOKENS}{token.pk}/replace/", {}).status_code == 201


def test_nobody_replaces_the_token_of_somebody_who_signs_in(api_of, ops):
    token = api_of("ops").post(TOKENS, {"name": "script"}).json()
    assert api_of("admin").post(f"{TOKENS}{token['id']}/replace/", {}).status_code == 403
    assert api_of("viewer").post(f"{TOKENS}{token['id']}/replace/", {}).status_code == 404
