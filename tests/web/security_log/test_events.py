"""Which requests and changes leave an event, who it names, and what a flood of them costs."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import links, operations, sessions
from accounts.models import AccessScope, GroupPermission, RoleMembership, Token, User, UserPermission
from tests.conftest import NOW, PASSWORD, ApiClient
from tests.inventory import made
from web.accounts import reset
from web.actor import acting
from web.security_log.middleware import action_of, file_form
from web.security_log.models import SecurityEvent

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action


@pytest.fixture(autouse=True)
def _clock(frozen_now):
    return frozen_now


def events(*actions):
    rows = SecurityEvent.objects.order_by("pk")
    return list(rows.filter(action__in=actions) if actions else rows)


def test_signing_in_and_out_leave_an_event_each(user_of):
    ops, client = user_of("ops"), Client(REMOTE_ADDR="192.0.2.7")
    client.post("/login/", {"username": "ops", "password": PASSWORD})
    client.post("/logout/")
    sign_in, sign_out = events(ACTION.SIGNED_IN, ACTION.SIGNED_OUT)
    assert (sign_in.actor, sign_in.account, sign_in.address) == (ops, ops, "192.0.2.7")
    assert sign_in.request_id
    assert (sign_out.actor, sign_out.address) == (ops, "192.0.2.7")


def test_a_failed_sign_in_names_the_account_and_never_what_was_typed(user_of):
    ops, client = user_of("ops"), Client(REMOTE_ADDR="192.0.2.7")
    for username in ("ops", "a-password-in-the-wrong-field"):
        client.post("/login/", {"username": username, "password": "wrong"})
    of_ops, of_nobody = events(ACTION.SIGN_IN_FAILED)
    assert (of_ops.actor, of_ops.account) == (None, ops)
    assert (of_nobody.actor, of_nobody.account, of_nobody.part) == (None, None, "")
    assert "a-password" not in str(SecurityEvent.objects.values().get(pk=of_nobody.pk))


def test_an_attempt_refused_unchecked_is_another_event(user_of):
    ops, client = user_of("ops"), Client()
    for _ in range(7):
        client.post("/login/", {"username": " ops ", "password": "wrong"})
    [failure], [delay] = events(ACTION.SIGN_IN_FAILED), events(ACTION.SIGN_IN_DELAYED)
    assert (failure.times, failure.account) == (5, ops)
    assert (delay.times, delay.account, delay.place) == (2, ops, "/login/")


def test_guesses_of_who_confirms_are_events_too(client_of, ops):
    client = client_of("ops")
    for _ in range(7):
        client.post("/login/confirm/", {"password": "wrong", "username": "admin"})
    [failure], [delay] = events(ACTION.SIGN_IN_FAILED), events(ACTION.SIGN_IN_DELAYED)
    assert (failure.times, failure.account) == (5, ops)
    assert (delay.times, delay.actor, delay.account, delay.place) == (2, ops, ops, "/login/confirm/")


def test_guesses_on_the_page_of_the_password_are_limited_and_events(client_of, ops):
    client, new = client_of("ops"), "another-long-password"
    typed = {"new_password1": new, "new_password2": new}
    answers = [client.post("/settings/password/", typed | {"old_password": "wrong"}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    [failure], [delay] = events(ACTION.SIGN_IN_FAILED), events(ACTION.SIGN_IN_DELAYED)
    assert (failure.times, failure.account) == (5, ops)
    assert (delay.times, delay.account, delay.place) == (2, ops, "/settings/password/")
    assert client.post("/settings/password/", typed | {"old_password": PASSWORD}).status_code == 429


def test_a_link_to_a_new_password_is_an_event_when_asked_for_made_and_used(
    user_of, settings, monkeypatch, caplog
):
    settings.MAIL_HOST, settings.BASE_URL = "mail.example.org", "https://muster.example.org"
    monkeypatch.setattr(reset.mail_password_link, "apply_async", lambda **options: None)
    ops, client = user_of("ops"), Client(REMOTE_ADDR="192.0.2.7")
    with caplog.at_level("INFO"):
        for name in ("ops", "a-password-in-the-wrong-field"):
            client.post("/login/reset/", {"name": name})
    of_ops, of_nobody = events(ACTION.LINK_ASKED)
    assert (of_ops.account, of_ops.address, of_nobody.account) == (ops, "192.0.2.7", None)
    assert "a-password" not in caplog.text + str(SecurityEvent.objects.values().get(pk=of_nobody.pk))
    for _ in range(2):
        plain = links.user_link(ops, links.Kind.PASSWORD, now=NOW)
    client.post(
        f"/login/reset/{plain}/", {"password": "a-new-long-word", "password_again": "a-new-long-word"}
    )
    assert [event.account for event in events(ACTION.LINK_MADE)] == [ops] * 2
    [use] = events(ACTION.LINK_USED)
    assert (use.actor, use.detail["link"]) == (ops, "password")


def test_a_session_that_is_ended_is_an_event_and_a_sign_out_is_another(user_of, client_of, admin):
    ops = user_of("ops")
    clients = [Client() for _ in range(3)]
    for client in clients:
        client.post("/login/", {"username": "ops", "password": PASSWORD})
    clients[0].post("/logout/")
    assert events(ACTION.SESSION_ENDED) == []
    sessions.end_sessions(ops, by=admin, now=NOW)
    [event] = events(ACTION.SESSION_ENDED)
    assert (event.account, event.times) == (ops, 2)


def test_a_password_that_is_hashed_anew_is_no_new_one(user_of, settings):
    user = user_of("ops")
    before = SecurityEvent.objects.count()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert user.check_password(PASSWORD)
    assert [event.action for event in events()[before:]] == [ACTION.PASSWORD_REHASHED]
    user.set_password("a-new-long-password")
    user.save()
    assert [event.action for event in events()[before + 1 :]] == [ACTION.PASSWORD_SET]


def test_a_refused_page_names_who_was_refused_and_where(client_of, viewer):
    site = made.site(slug="porto")
    client_of("viewer").get(f"/inventory/sites/{site.pk}/edit/")
    [event] = events(ACTION.REFUSED)
    assert (event.actor, event.detail) == (viewer, {"method": "GET"})
    assert event.place == f"/inventory/sites/{site.pk}/edit/"


def test_a_secret_in_an_address_stays_out(client_of):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/first-admin/a-secret/").status_code == 403
    [event] = events(ACTION.REFUSED)
    assert event.place == "/first-admin/<secret>/"
    assert "a-secret" not in str(SecurityEvent.objects.values().get(pk=event.pk))


def test_a_token_that_is_refused_is_named_if_it_is_known(user_of):
    ops = user_of("ops")
    token, plain = operations.create_token(user=ops, name="script", by=ops, now=NOW)
    assert ApiClient(plain).post("/api/inventory/sites/", {}).status_code == 403
    assert ApiClient(f"{plain}x").get("/api/inventory/sites/").status_code == 401
    [refusal], [bad_token] = events(ACTION.REFUSED), events(ACTION.TOKEN_REFUSED)
    assert (refusal.actor, refusal.token, refusal.place) == (ops, token.prefix, "/api/inventory/sites/")
    assert (bad_token.actor, bad_token.token) == (None, "")


def test_a_request_without_a_token_leaves_no_event():
    assert ApiClient().get("/api/inventory/sites/").status_code in (401, 403)
    assert events(ACTION.TOKEN_REFUSED) == []


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_a_file_that_is_taken_leaves_an_event(client_of, viewer, form):
    client_of("viewer").get(f"/sites/?export={form}").getvalue()
    [event] = events(ACTION.EXPORTED)
    assert (event.actor, event.place, event.detail) == (viewer, "/sites/", {"method": "GET", "form": form})


def test_a_calendar_that_a_program_takes_leaves_an_event(rf):
    answer = HttpResponse(content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="shifts.ics"'
    assert (action_of(rf.get("/"), answer), file_form(answer)) == (ACTION.EXPORTED, "ics")
    assert action_of(rf.get("/"), HttpResponse()) is None


def test_pages_that_are_read_leave_none(client_of):
    client = client_of("viewer")
    before = SecurityEvent.objects.count()
    with CaptureQueriesContext(connection) as statements:
        client.get("/sites/")
        client.get("/api/inventory/sites/")
    assert SecurityEvent.objects.count() == before
    assert not [each for each in statements.captured_queries if "securityevent" in each["sql"]]


def test_an_event_takes_one_statement(client_of):
    client = client_of("viewer")
    client.get("/settings/users/")
    with CaptureQueriesContext(connection) as statements:
        client.get("/settings/users/add/")
    assert len([each for each in statements.captured_queries if "securityevent" in each["sql"]]) == 1


def test_a_user_with_a_scope_is_recorded_too(user_of):
    porto = made.site(slug="porto")
    limited_user = user_of("ops", username="limited", scopes=[("site", porto.slug)])
    client = Client()
    client.force_login(limited_user)
    client.get("/settings/users/")
    [event] = events(ACTION.REFUSED)
    assert event.actor == limited_user


@pytest.fixture
def admin_acts(admin):
    with acting(admin, request_id="r1"):
        yield admin


def test_an_account_with_role_scope_and_token_leaves_an_event_for_each(admin_acts):
    made.site(slug="porto")
    before = SecurityEvent.objects.count()
    program = operations.create_user(
        username="program", role="ops", scopes=[("site", "porto")], by=admin_acts, now=NOW
    )
    token, _ = operations.create_token(user=program, name="script", by=None, now=NOW)
    new_events = events()[before:]
    assert [event.action for event in new_events] == [
        ACTION.ACCOUNT_MADE,
        ACTION.ROLE_GIVEN,
        ACTION.SCOPE_GIVEN,
        ACTION.TOKEN_MADE,
    ]
    assert {(event.actor, event.account, event.request_id) for event in new_events} == {
        (admin_acts, program, "r1")
    }
    assert [event.detail for event in new_events[1:3]] == [{"role": "ops"}, {"kind": "site", "slug": "porto"}]
    assert new_events[3].detail == {"token": token.prefix, "scope": "read", "expires_at": None}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda user, by: operations.set_role(user, role="planner", by=by, now=NOW),
            {ACTION.ROLE_GIVEN, ACTION.ROLE_TAKEN},
        ),
        (
            lambda user, by: operations.change_user(user, is_active=False, by=by, now=NOW),
            {ACTION.ACCOUNT_CHANGED},
        ),
        (
            lambda user, by: operations.set_password(user, "a-new-long-password", by=by, now=NOW),
            {ACTION.PASSWORD_SET, ACTION.TOKEN_REVOKED},
        ),
        (
            lambda user, by: operations.revoke_token(user.tokens.get(), by=by, now=NOW),
            {ACTION.TOKEN_REVOKED},
        ),
        (lambda user, by: operations.set_scopes(user, scopes=[], by=by), {ACTION.SCOPE_TAKEN}),
        (
            lambda user, by: user.user_permissions.add(Permission.objects.order_by("pk").first()),
            {ACTION.PERMISSION_GIVEN},
        ),
        (lambda user, by: user.groups.clear(), {ACTION.ROLE_TAKEN}),
        (lambda user, by: Token.objects.update(scope="write"), {ACTION.TOKEN_CHANGED}),
        (lambda user, by: operations.note_use(user.tokens.get(), now=NOW), set()),
        (
            lambda user, by: operations.set_display(
                user, theme="dark", time_zone="UTC", preferences={}, now=NOW
            ),
            set(),
        ),
    ],
    ids=lambda value: "+".join(sorted(value)) or "nothing" if isinstance(value, set) else "",
)
def test_changes_of_what_somebody_may_do_leave_events(admin_acts, user_of, change, expected):
    made.site(slug="porto")
    user = user_of("ops", scopes=[("site", "porto")])
    operations.create_token(user=user, name="script", by=None, now=NOW)
    before = SecurityEvent.objects.count()
    change(user, admin_acts)
    new_events = events()[before:]
    assert {event.action for event in new_events} == expected
    assert {(event.actor, event.account) for event in new_events} <= {(admin_acts, user)}


def test_a_change_past_every_page_is_seen(user_of):
    user = user_of("viewer")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_superuser = true WHERE id = %s", [user.pk])
    event = events(ACTION.ACCOUNT_CHANGED)[-1]
    assert (event.actor, event.account) == (None, user)
    assert event.detail == {"changed": ["is_superuser"], "is_active": True, "is_superuser": True}


@pytest.mark.parametrize(
    ("move", "taken", "given", "before", "after"),
    [
        pytest.param(
            lambda user: RoleMembership.objects.filter(user=user).update(
                group=Group.objects.get(name="planner")
            ),
            *(ACTION.ROLE_TAKEN, ACTION.ROLE_GIVEN, {"role": "ops"}, {"role": "planner"}),
            id="role",
        ),
        pytest.param(
            lambda user: AccessScope.objects.filter(user=user).update(slug="lagos"),
            *(ACTION.SCOPE_TAKEN, ACTION.SCOPE_GIVEN),
            *({"kind": "site", "slug": "porto"}, {"kind": "site", "slug": "lagos"}),
            id="scope",
        ),
        pytest.param(
            lambda user: UserPermission.objects.filter(user=user).update(
                permission=Permission.objects.get(codename="view_user")
            ),
            *(ACTION.PERMISSION_TAKEN, ACTION.PERMISSION_GIVEN),
            *({"permission": "accounts.add_user"}, {"permission": "accounts.view_user"}),
            id="permission",
        ),
    ],
)
def test_a_row_that_is_changed_takes_one_thing_and_gives_another(user_of, move, taken, given, before, after):
    made.site(slug="porto")
    user = user_of("ops", scopes=[("site", "porto")])
    user.user_permissions.add(Permission.objects.get(codename="add_user"))
    count = SecurityEvent.objects.count()
    move(user)
    assert [(event.action, event.detail, event.account) for event in events()[count:]] == [
        (taken, before, user),
        (given, after, user),
    ]


def test_a_permission_that_moves_to_another_role_is_two_events():
    guests, hosts = Group.objects.create(name="guests"), Group.objects.create(name="hosts")
    guests.permissions.add(Permission.objects.get(codename="add_user"))
    count = SecurityEvent.objects.count()
    GroupPermission.objects.filter(group=guests).update(group=guests)
    assert SecurityEvent.objects.count() == count
    GroupPermission.objects.filter(group=guests).update(group=hosts)
    assert [(event.action, event.detail) for event in events()[count:]] == [
        (ACTION.PERMISSION_TAKEN, {"role": "guests", "permissions": ["accounts.add_user"]}),
        (ACTION.PERMISSION_GIVEN, {"role": "hosts", "permissions": ["accounts.add_user"]}),
    ]


def test_an_account_that_renames_itself_leaves_no_name(user_of):
    user = user_of("ops")
    with acting(user):
        User.objects.filter(pk=user.pk).update(username="new-name")
    event = events(ACTION.ACCOUNT_CHANGED)[-1]
    assert (event.actor, event.part) == (user, "")


def test_an_account_named_like_a_part_of_muster_did_not_act(user_of):
    user = user_of("ops", username="worker")
    with acting("worker"):
        User.objects.filter(pk=user.pk).update(is_active=False)
    event = events(ACTION.ACCOUNT_CHANGED)[-1]
    assert (event.actor, event.part, event.account) == (None, "worker", user)


def test_permissions_of_a_role_are_one_event(admin_acts):
    group = Group.objects.create(name="guests")
    before = SecurityEvent.objects.count()
    group.permissions.set(Permission.objects.order_by("pk")[:30])
    [event] = events()[before:]
    assert (event.action, event.times, event.detail["role"]) == (ACTION.PERMISSION_GIVEN, 30, "guests")
    assert len(event.detail["permissions"]) == 20
    assert GroupPermission.objects.filter(group=group).count() == 30


def test_the_first_administrator_acts_by_their_own_account():
    link = links.first_admin_link(now=NOW)
    Client().post(
        f"/first-admin/{link}/",
        {"username": "first", "email": "", "password": PASSWORD, "password_again": PASSWORD},
    )
    [event] = events(ACTION.ACCOUNT_MADE)
    assert (event.actor.username, event.part) == ("first", "")


def test_a_command_acts_as_a_part_of_muster(user_of, capsys):
    user_of("ops")
    call_command("create_token", "--user", "ops")
    [event] = events(ACTION.TOKEN_MADE)
    assert (event.actor, event.part, event.account.username) == (None, "create_token", "ops")
