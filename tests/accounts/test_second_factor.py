"""Second factors: an authenticator app, recovery codes, roles that need one, and an administrator who helps."""

import threading
from base64 import b32decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client

from accounts import codes
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.operations import change_user, create_token
from tests.conftest import PASSWORD, ApiClient
from web.accounts import factors
from web.delivery.secrets import encrypt_anew
from web.security_log.models import SecurityEvent

pytestmark = pytest.mark.django_db
KEY = "k" * 40
OWN = "/settings/second-factor/"


@pytest.fixture(autouse=True)
def keys(settings):
    settings.DELIVERY_KEYS = [KEY]


def present_code(secret, at):
    return codes.code_of(secret, codes.step_of(at))


def give_password(client, username="ops", **more):
    return client.post("/login/", {"username": username, "password": PASSWORD} | more)


def is_signed_in(client):
    return client.get("/settings/").status_code == 200


@pytest.fixture
def app(ops, frozen_now):
    """The secret of an app that ops added an hour ago, with its recovery codes."""
    secret = factors.new_secret()
    added = factors.add_app(ops, secret=secret, code=present_code(secret, frozen_now.at), now=frozen_now.at)
    frozen_now.move(hours=1)
    return secret, added.recovery_codes


def test_an_app_is_added_by_its_first_code(client_of, ops, frozen_now):
    client = client_of("ops")
    page = client.get(f"{OWN}app/")
    secret = b32decode(page.context["secret"])
    sealed = page.context["form"].initial["secret"]
    assert page.context["secret"] not in sealed
    answer = client.post(f"{OWN}app/", {"secret": sealed, "code": present_code(secret, frozen_now.at)})
    assert len(answer.context["recovery_codes"]) == 10
    [factor] = ops.factors.all()
    assert (factor.kind, factor.created_at) == ("app", frozen_now.at)
    assert secret.hex().encode() not in bytes(factor.secret)


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [
        pytest.param({"code": "000000"}, 200, "This is not the code", id="wrong code"),
        pytest.param({"code": ""}, 200, "Six digits.", id="no code"),
        pytest.param({"secret": "invented"}, 400, "", id="another secret"),
    ],
)
def test_an_app_is_not_added_by_anything_else(client_of, ops, frozen_now, form, status, text):
    client = client_of("ops")
    sealed = client.get(f"{OWN}app/").context["form"].initial["secret"]
    answer = client.post(f"{OWN}app/", {"secret": sealed, "code": "123456"} | form)
    assert answer.status_code == status
    assert text in answer.text
    assert not ops.factors.exists()


def test_another_app_replaces_the_one_before_though_the_role_needs_one(
    settings, client_of, ops, app, frozen_now
):
    settings.SECOND_FACTOR_ROLES = ["ops"]
    client = client_of("ops")
    assert "Replace the authenticator app" in client.get(OWN).text
    page = client.get(f"{OWN}app/")
    secret = b32decode(page.context["secret"])
    form = {"secret": page.context["form"].initial["secret"], "code": present_code(secret, frozen_now.at)}
    assert client.post(f"{OWN}app/", form).status_code == 200
    frozen_now.move(minutes=5)
    at = frozen_now.at
    assert not factors.takes_code(ops, present_code(app[0], at), now=at)
    assert factors.takes_code(ops, present_code(secret, at), now=at)
    assert not factors.takes_code(ops, app[1][0], now=at)


def test_the_password_alone_signs_nobody_in(app):
    client = Client()
    assert give_password(client)["Location"] == "/login/second/"
    assert not is_signed_in(client)


def test_the_code_of_the_app_signs_in_and_leads_on(app, frozen_now):
    client = Client()
    give_password(client, next="/settings/?a=1")
    answer = client.post("/login/second/", {"code": present_code(app[0], frozen_now.at)})
    assert answer["Location"] == "/settings/?a=1"
    assert is_signed_in(client)


def test_a_code_works_once(app, frozen_now):
    code = present_code(app[0], frozen_now.at)
    for client, signs_in in ((Client(), True), (Client(), False)):
        give_password(client)
        client.post("/login/second/", {"code": code})
        assert is_signed_in(client) is signs_in


def test_a_recovery_code_works_once(app):
    for client, signs_in in ((Client(), True), (Client(), False)):
        give_password(client)
        client.post("/login/second/", {"code": app[1][0].upper()})
        assert is_signed_in(client) is signs_in
    assert RecoveryCode.objects.filter(used_at__isnull=True).count() == 9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_recovery_code", [False, True], ids=["code of the app", "recovery code"])
def test_of_two_simultaneous_tries_with_one_code_one_succeeds(ops, app, frozen_now, is_recovery_code):
    code = app[1][0] if is_recovery_code else present_code(app[0], frozen_now.at)
    start = threading.Barrier(2)

    def try_code(_):
        try:
            start.wait(timeout=60)
            return factors.takes_code(ops, code, now=frozen_now.at)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as tries:
        assert sorted(tries.map(try_code, range(2))) == [False, True]


def test_new_recovery_codes_replace_the_old_ones(client_of, ops, app, frozen_now):
    answer = client_of("ops").post(f"{OWN}codes/")
    assert factors.takes_code(ops, app[1][0], now=frozen_now.at) is False
    assert factors.takes_code(ops, answer.context["recovery_codes"][0], now=frozen_now.at) is True


def test_wrong_codes_are_counted_and_recorded(app, ops, frozen_now):
    client = Client()
    give_password(client)
    for _ in range(5):
        assert "This code is wrong" in client.post("/login/second/", {"code": "000000"}).text
    right = {"code": present_code(app[0], frozen_now.at)}
    assert client.post("/login/second/", right).status_code == 429
    failure = SecurityEvent.objects.get(action=SecurityEvent.Action.SIGN_IN_FAILED)
    assert (failure.times, failure.account, failure.actor) == (5, ops, None)
    assert failure.detail == {"second": True}
    delay = SecurityEvent.objects.get(action=SecurityEvent.Action.SIGN_IN_DELAYED)
    assert (delay.account, delay.actor, delay.place) == (ops, None, "/login/second/")
    again = Client()
    give_password(again)
    assert again.post("/login/second/", right).status_code == 429
    frozen_now.move(minutes=5)
    assert client.post("/login/second/", {"code": present_code(app[0], frozen_now.at)}).status_code == 302


def test_the_second_step_is_open_for_ten_minutes_after_the_password(app, frozen_now):
    client = Client()
    give_password(client)
    frozen_now.move(minutes=10)
    answer = client.post("/login/second/", {"code": present_code(app[0], frozen_now.at)})
    assert answer["Location"] == "/login/"
    assert not is_signed_in(client)


def test_the_second_step_ends_with_the_password(app, ops, frozen_now):
    client = Client()
    give_password(client)
    ops.set_password("another-long-enough-password")
    ops.save()
    assert client.get("/login/second/")["Location"] == "/login/"


def test_nobody_comes_to_the_second_step_without_the_first(db):
    assert Client().get("/login/second/")["Location"] == "/login/"
    assert Client().post("/login/second/", {"code": "1"})["Location"] == "/login/"


def test_an_app_is_removed_with_its_recovery_codes(client_of, ops, app):
    client_of("ops").post(f"{OWN}{ops.factors.get().pk}/remove/")
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert give_password(Client())["Location"] == "/"


def test_nobody_removes_the_factor_of_another(client_of, app):
    assert client_of("planner").post(f"{OWN}{SecondFactor.objects.get().pk}/remove/").status_code == 404


def test_an_administrator_helps_who_lost_the_phone(client_of, ops, app):
    assert client_of("manager").post(f"/settings/users/{ops.pk}/remove-factors/").status_code == 403
    client = client_of("admin")
    assert "Authenticator app" in client.get(f"/settings/users/{ops.pk}/").text
    client.post(f"/settings/users/{ops.pk}/remove-factors/")
    assert not ops.factors.exists()
    history = client.get("/api/history/?model=accounts.second-factor").json()["results"]
    assert [row["action"] for row in history][:1] == ["deleted"]


def test_a_secret_goes_on_with_a_new_key(settings, ops, app, frozen_now):
    settings.DELIVERY_KEYS = ["n" * 40, KEY]
    assert encrypt_anew() == 1
    settings.DELIVERY_KEYS = ["n" * 40]
    assert factors.takes_code(ops, present_code(app[0], frozen_now.at), now=frozen_now.at)


def test_without_a_key_recovery_codes_still_sign_in(settings, ops, app, frozen_now):
    settings.DELIVERY_KEYS = []
    assert not factors.takes_code(ops, present_code(app[0], frozen_now.at), now=frozen_now.at)
    assert factors.takes_code(ops, app[1][0], now=frozen_now.at)


@pytest.fixture
def needed(settings, ops, frozen_now):
    settings.SECOND_FACTOR_ROLES = ["ops"]
    return frozen_now


def test_a_role_needs_a_factor_within_two_weeks_of_the_first_sign_in(needed, ops):
    client = Client()
    give_password(client)
    assert "Your role needs a second factor by" in client.get("/settings/").text
    needed.move(days=13)
    give_password(client)
    assert is_signed_in(client)
    needed.move(days=1)
    assert client.get("/settings/")["Location"] == OWN
    assert client.get("/api/authentication-check/").status_code == 403
    assert client.get(OWN).status_code == 200
    page = client.get(f"{OWN}app/")
    code = present_code(b32decode(page.context["secret"]), needed.at)
    other = Client()
    give_password(other)
    assert not is_signed_in(other)
    client.post(f"{OWN}app/", {"secret": page.context["form"].initial["secret"], "code": code})
    assert is_signed_in(client)
    assert is_signed_in(other)


def test_the_grace_is_no_longer_for_a_later_sign_in(needed):
    give_password(Client())
    needed.move(days=20)
    client = Client()
    give_password(client)
    assert client.get("/settings/")["Location"] == OWN


def test_a_factor_is_due_without_a_key_because_passkeys_need_none(settings, needed):
    settings.DELIVERY_KEYS = []
    give_password(Client())
    needed.move(days=20)
    client = Client()
    give_password(client)
    assert client.get("/settings/")["Location"] == OWN
    assert "Add a passkey" in client.get(OWN).text


def test_other_roles_need_none(needed, client_of):
    planner = client_of("planner")
    needed.move(days=20)
    assert is_signed_in(planner)


def test_the_last_factor_that_a_role_needs_is_not_removed(needed, client_of, ops, app):
    client = client_of("ops")
    client.post(f"{OWN}{ops.factors.get().pk}/remove/")
    assert ops.factors.exists()


def test_a_role_that_there_is_not_is_refused_at_the_start(settings):
    settings.SECOND_FACTOR_ROLES = ["boss"]
    with pytest.raises(ImproperlyConfigured, match="boss"):
        apps.get_app_config("accounts").ready()


def test_the_history_tells_of_factors_without_secrets(client_of, ops, app):
    text = client_of("admin").get("/api/history/?model=accounts.second-factor").text
    assert "Authenticator app" in text
    assert '"secret"' not in text


def test_a_user_who_sees_some_sites_adds_and_uses_an_app(user_of, frozen_now):
    user = user_of("ops", username="limited", scopes=[("site", "porto")])
    client = Client()
    give_password(client, "limited")
    page = client.get(f"{OWN}app/")
    secret = b32decode(page.context["secret"])
    form = {"secret": page.context["form"].initial["secret"], "code": present_code(secret, frozen_now.at)}
    assert client.post(f"{OWN}app/", form).status_code == 200
    assert User.objects.get(pk=user.pk).factors.count() == 1
    assert client.post(f"{OWN}codes/").status_code == 200
    assert client.post(f"{OWN}{user.factors.get().pk}/remove/").status_code == 302
    assert not user.factors.exists()


def test_confirming_takes_a_code_where_there_is_no_password(settings, client_of, ops, app, frozen_now):
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    client = client_of("ops")
    settings.PASSWORDS = False
    frozen_now.move(minutes=30)
    wrong = client.post("/login/confirm/", {"code": "000000"})
    assert list(wrong.context["form"].errors) == ["code"]
    assert 'aria-invalid="true" aria-describedby="id_code_error"' in wrong.text
    code = present_code(app[0], frozen_now.at)
    assert client.post("/login/confirm/", {"code": code, "next": OWN})["Location"] == OWN


def test_a_replaced_app_or_used_up_codes_give_new_ones(app, ops, frozen_now):
    _, first_codes = app
    secret = factors.new_secret()
    added = factors.add_app(ops, secret=secret, code=present_code(secret, frozen_now.at), now=frozen_now.at)
    assert len(set(added.recovery_codes) - set(first_codes)) == 10
    assert not factors.takes_code(ops, first_codes[0], now=frozen_now.at)
    assert factors.first_codes(ops, now=frozen_now.at) == []
    ops.recovery_codes.update(used_at=frozen_now.at)
    assert len(factors.first_codes(ops, now=frozen_now.at)) == 10


def test_a_new_duty_and_removed_factors_end_sessions(settings, app, user_of, admin, client_of, frozen_now):
    settings.SECOND_FACTOR_ROLES = ["ops"]
    viewer, client = user_of("viewer"), client_of("viewer")
    change_user(viewer, role="viewer", by=admin, now=frozen_now.at)
    assert is_signed_in(client)
    change_user(viewer, role="ops", by=admin, now=frozen_now.at)
    assert not is_signed_in(client)
    ops, client = user_of("ops"), client_of("ops")
    factors.remove_all_factors(ops, by=admin, now=frozen_now.at)
    assert not is_signed_in(client)


@pytest.mark.parametrize("by_program", [False, True], ids=["on the page", "by a token"])
def test_who_changes_their_own_role_keeps_no_session_of_before(settings, user_of, frozen_now, by_program):
    settings.SECOND_FACTOR_ROLES = ["planner"]
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    user_of("admin", username="second")
    admin, here, other = user_of("admin"), Client(), Client()
    for client in (here, other):
        give_password(client, "admin")
    cookie = here.cookies["sessionid"].value
    if by_program:
        _, plain = create_token(user=admin, name="x", scope="write", by=None, now=frozen_now.at)
        answer = ApiClient(plain).patch(f"/api/accounts/users/{admin.pk}/", {"role": "planner"})
        assert answer.status_code == 200
        assert not is_signed_in(here)
    else:
        form_fields = {"name": "", "email": "", "role": "planner", "is_active": "on"}
        assert here.post(f"/settings/users/{admin.pk}/", form_fields).status_code == 302
        assert is_signed_in(here)
        assert here.cookies["sessionid"].value != cookie
        # It has no more than a new sign-in has.
        assert here.post("/settings/tokens/add/", {"name": "x"})["Location"].startswith("/login/confirm/")
        frozen_now.move(hours=1)
        assert "Your role needs a second factor by" in here.get(OWN).text
    assert not is_signed_in(other)


def test_a_change_of_something_else_ends_nothing(user_of, frozen_now):
    admin, here, other = user_of("admin"), Client(), Client()
    for client in (here, other):
        give_password(client, "admin")
    form_fields = {"name": "Ada", "email": "", "role": "admin", "is_active": "on"}
    assert here.post(f"/settings/users/{admin.pk}/", form_fields).status_code == 302
    assert is_signed_in(here)
    assert is_signed_in(other)
