"""Sessions: what is noted of them, when they end and who ends them, and proving again who one is."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.models import Session, Token, User
from accounts.operations import change_user, set_role
from accounts.sessions import mark_of, sessions_of
from config import env
from tests.conftest import NOW, PASSWORD
from web import tasks
from web.accounts.browsers import browser_words

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def limits(settings, frozen_now):
    settings.SESSION_IDLE, settings.SESSION_LIFETIME = 24 * HOUR, 14 * DAY
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    return frozen_now


def signed_in(username="ops", browser=FIREFOX, address="10.0.0.1"):
    client = Client(headers={"user-agent": browser}, REMOTE_ADDR=address)
    assert client.post("/login/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def is_signed_in(client):
    return client.get("/settings/").status_code == 200


def test_sessions_that_ended_are_cleared_and_others_stay(limits, ops, viewer):
    """Nobody signs out of a session that a browser forgot."""
    ended, going_on = signed_in("ops"), signed_in("viewer")
    for client, expire_date in ((ended, limits.at - HOUR), (going_on, limits.at + HOUR)):
        Session.objects.filter(pk=session_of(client).pk).update(expire_date=expire_date)
    assert tasks.clear_sessions() == 1
    assert session_of(going_on).user == viewer
    assert Session.objects.count() == 1


def session_of(client):
    return Session.objects.get(session_key=client.cookies["sessionid"].value)


def test_a_sign_in_is_noted_with_browser_and_address(ops, limits):
    session = session_of(signed_in())
    assert (session.user, session.address, session.browser) == (ops, "10.0.0.1", FIREFOX)
    assert (session.began_at, session.seen_at) == (NOW, NOW)


def test_a_session_ends_after_a_day_without_use(ops, limits):
    client = signed_in()
    limits.move(hours=23, minutes=59)
    assert is_signed_in(client)
    limits.move(hours=24)
    assert not is_signed_in(client)
    assert not Session.objects.exists()


def test_a_session_in_use_ends_after_two_weeks(ops, limits):
    client = signed_in()
    for _ in range(27):
        limits.move(hours=12)
        assert is_signed_in(client)
    limits.move(hours=12)
    assert not is_signed_in(client)


def test_use_is_noted_seldom(ops, limits):
    client = signed_in()
    client.get("/settings/sessions/")
    limits.move(minutes=29)
    client.get("/settings/sessions/")
    assert session_of(client).seen_at == NOW
    limits.move(minutes=1)
    client.get("/settings/sessions/")
    assert session_of(client).seen_at == limits.at


def test_the_list_shows_own_sessions_this_one_first(ops, user_of, limits):
    user_of("viewer", username="mira")
    signed_in("mira")
    here = signed_in(browser=FIREFOX, address="10.0.0.1")
    limits.move(hours=1)
    signed_in(browser=CHROME, address="10.0.0.2")
    lines = here.get("/settings/sessions/").context["sessions"]
    assert [(line.browser, line.address, line.is_this) for line in lines] == [
        ("Firefox on Linux", "10.0.0.1", True),
        ("Chrome on Windows", "10.0.0.2", False),
    ]


def test_more_sessions_take_no_more_statements(ops, limits, django_assert_max_num_queries):
    here = signed_in()
    for _ in range(5):
        signed_in()
    with django_assert_max_num_queries(5):
        here.get("/settings/sessions/")


def test_the_list_reveals_no_key(ops, limits):
    here, other = signed_in(), signed_in()
    text = here.get("/settings/sessions/").text
    assert other.cookies["sessionid"].value not in text
    assert here.cookies["sessionid"].value not in text


def test_one_session_is_ended(ops, limits):
    here, other = signed_in(), signed_in()
    answer = here.post(f"/settings/sessions/{mark_of(other.cookies['sessionid'].value)}/end/")
    assert answer["Location"] == "/settings/sessions/"
    assert (is_signed_in(here), is_signed_in(other)) == (True, False)


def test_ending_this_session_signs_out(ops, limits):
    here = signed_in()
    answer = here.post(f"/settings/sessions/{mark_of(here.cookies['sessionid'].value)}/end/")
    assert answer["Location"] == "/login/"
    assert not is_signed_in(here)


def test_all_other_sessions_are_ended(ops, limits):
    here, others = signed_in(), [signed_in(), signed_in()]
    here.post("/settings/sessions/end-others/")
    assert is_signed_in(here)
    assert [is_signed_in(client) for client in others] == [False, False]


def test_nobody_ends_a_session_of_another_by_its_mark(ops, user_of, limits):
    user_of("viewer", username="mira")
    theirs = signed_in("mira")
    answer = signed_in().post(f"/settings/sessions/{mark_of(theirs.cookies['sessionid'].value)}/end/")
    assert answer.status_code == 404
    assert is_signed_in(theirs)


def test_an_administrator_sees_and_ends_sessions_of_a_user(ops, admin, limits, caplog):
    caplog.set_level("INFO")
    theirs, here = signed_in(), signed_in("admin")
    page = here.get(f"/settings/users/{ops.pk}/")
    assert [line.browser for line in page.context["sessions"]] == ["Firefox on Linux"]
    answer = here.post(f"/settings/users/{ops.pk}/end-sessions/")
    assert answer["Location"] == f"/settings/users/{ops.pk}/"
    assert not is_signed_in(theirs)
    assert [
        line for line in caplog.messages if line.startswith("Sessions ended by 'admin' (1): account 'ops'")
    ]


def test_whoever_may_not_change_users_sees_no_sessions(ops, manager, limits):
    signed_in()
    page = signed_in("manager").get(f"/settings/users/{ops.pk}/")
    assert "10.0.0.1" not in page.content.decode()


def test_sessions_from_before_a_new_password_are_not_listed(ops, limits):
    signed_in()
    ops.set_password("another-long-password")
    ops.save()
    assert sessions_of(ops, now=NOW) == []


def test_whoever_is_deactivated_is_signed_out_for_good(ops, admin, limits):
    theirs = signed_in()
    for is_active in (False, True):
        change_user(ops, is_active=is_active, by=admin, now=NOW)
    assert not is_signed_in(theirs)


def test_a_cookie_that_no_session_can_have_is_nobodys(client):
    answer = client.get("/settings/", headers={"cookie": 'sessionid="abcdefgh\\000"'})
    assert answer.status_code == 302


def test_whoever_may_not_change_an_administrator_ends_none_of_their_sessions(admin, user_of, limits):
    helper = user_of("manager", username="helper")
    helper.user_permissions.add(*permissions("view_user", "change_user"))
    theirs, here = signed_in("admin"), signed_in("helper")
    assert here.post(f"/settings/users/{admin.pk}/end-sessions/").status_code == 403
    assert is_signed_in(theirs)


def permissions(*codenames):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)


def test_a_user_who_sees_some_sites_ends_own_sessions(user_of, limits):
    user_of("manager", username="limited", scopes=[("site", "porto")])
    here, other = signed_in("limited"), signed_in("limited")
    here.post("/settings/sessions/end-others/")
    assert (is_signed_in(here), is_signed_in(other)) == (True, False)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        pytest.param(FIREFOX, "Firefox on Linux", id="firefox"),
        pytest.param(CHROME, "Chrome on Windows", id="chrome names safari too"),
        pytest.param(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "Browser on iPhone", id="bare"
        ),
        pytest.param("curl/8.5", "Unknown program", id="program"),
        pytest.param("", "Unknown program", id="none"),
    ],
)
def test_a_browser_in_words(header, words):
    assert browser_words(header) == words


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        pytest.param(
            "post", "/settings/tokens/add/", {"name": "x", "scope": "read", "lifetime": "7"}, id="token"
        ),
        pytest.param("get", "/settings/users/add/", None, id="new user"),
        pytest.param("post", "/settings/users/{ops}/", {"role": "admin", "is_active": "on"}, id="role"),
        pytest.param("get", "/settings/users/{ops}/password/", None, id="password of another"),
        pytest.param("get", "/settings/channels/add/", None, id="secret of a channel"),
    ],
)
def test_what_gives_access_asks_who_the_user_is_after_half_an_hour(ops, admin, limits, method, path, data):
    client, path = signed_in("admin"), path.format(ops=ops.pk)
    limits.move(minutes=30)
    answer = getattr(client, method)(path, data)
    assert answer["Location"] == f"/login/confirm/?next={path}"
    assert not Token.objects.exists()
    assert not User.objects.get(pk=ops.pk).is_superuser
    answer = client.post("/login/confirm/", {"password": PASSWORD, "next": path})
    assert answer["Location"] == path
    assert getattr(client, method)(path, data).get("Location", "") != f"/login/confirm/?next={path}"


def test_a_wrong_password_confirms_nothing_and_is_counted(ops, limits):
    client = signed_in()
    limits.move(minutes=30)
    for _ in range(5):
        answer = client.post("/login/confirm/", {"password": "not-the-password"})
        assert "This is not your password." in answer.text
    assert client.post("/login/confirm/", {"password": PASSWORD}).status_code == 429
    assert client.post("/settings/tokens/add/", {"name": "x"}).status_code == 302


def test_nobody_confirms_with_the_password_of_another(ops, user_of, limits):
    mira = user_of("viewer", username="mira")
    mira.set_password("the-password-of-mira")
    mira.save()
    client = signed_in()
    assert "not your password" in client.post("/login/confirm/", {"password": "the-password-of-mira"}).text


def test_confirming_leads_to_no_other_site(ops, limits):
    answer = signed_in().post("/login/confirm/", {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_session_at_an_endpoint_is_asked_too_and_a_token_is_not(ops, admin, api_of, limits):
    client = signed_in("admin")
    limits.move(minutes=30)
    new_token = {"name": "x", "scope": "read"}
    refused = client.post("/api/accounts/tokens/", new_token, content_type="application/json")
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "Confirm who you are first, at /login/confirm/.",
    )
    change = {"role": "planner"}
    path = f"/api/accounts/users/{ops.pk}/"
    assert client.patch(path, change, content_type="application/json").status_code == 403
    assert api_of("admin").patch(path, change).status_code == 200


def test_a_session_outlives_a_change_of_role(ops, limits):
    client = signed_in()
    set_role(ops, role="planner", by=None, now=NOW)
    assert is_signed_in(client)


@pytest.mark.parametrize("hours", ["0", "-1"])
def test_no_setting_signs_everybody_out_at_once(monkeypatch, hours):
    monkeypatch.setenv("MUSTER_SESSION_IDLE_HOURS", hours)
    with pytest.raises(ImproperlyConfigured, match="use 1 or more"):
        env.integer("MUSTER_SESSION_IDLE_HOURS", 24, "hours a session lasts unused", least=1)
