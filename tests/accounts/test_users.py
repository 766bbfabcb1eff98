"""The pages on which administrators look after users."""

import pytest

from accounts.models import User
from accounts.operations import NotAllowed, change_user, create_token, set_password, set_role
from accounts.queries import role_of
from tests.conftest import NOW, PASSWORD, ApiClient

NEW = {"username": "mira", "name": "Mira Kovač", "email": "mira@example.org", "role": "planner"}
PASSWORDS = {"password": PASSWORD, "password_again": PASSWORD}


def changed(user, **given):
    before = {"name": user.get_full_name(), "email": user.email, "role": role_of(user)}
    before |= {"is_active": "on"} if user.is_active else {}
    return {name: value for name, value in (before | given).items() if value is not None}


def test_the_list_names_users_with_role_and_access(client_of, user_of):
    user_of("ops", username="machine", kind="service", owner=user_of("viewer"))
    gone = user_of("planner", username="gone")
    change_user(gone, is_active=False, by=None, now=NOW)
    rows = client_of("admin").get("/settings/users/").context["table"].rows
    told = {row.object.username: {cell.text for cell in row.cells} for row in rows}
    assert {"ops", "tokens only"} <= told["machine"]
    assert {"planner", "never"} <= told["gone"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("role=ops", ["ola"]),
        ("q=nordmann", ["ola"]),
        ("is_active=true&sort=-username", ["Zoe", "ola", "admin"]),
        ("sort=username", ["admin", "gone", "ola", "Zoe"]),
        ("sort=role", ["admin", "ola", "gone", "Zoe"]),
        ("q=nobody", []),
        ("page=zzz&sort=nonsense&role=admin", ["admin"]),
    ],
)
def test_the_list_is_filtered_and_sorted(client_of, user_of, query, names):
    user_of("ops", username="ola", name="Ola Nordmann")
    user_of("viewer", username="Zoe")
    change_user(user_of("planner", username="gone"), is_active=False, by=None, now=NOW)
    page = client_of("admin").get(f"/settings/users/?{query}")
    assert [row.object.username for row in page.context["table"].rows] == names


def test_the_list_is_exported_without_secrets(client_of, ops):
    file = client_of("admin").get("/settings/users/?export=csv&sort=username").getvalue().decode()
    assert file.splitlines()[0] == "id,User name,Full name,Role,Owner,May sign in,Last sign-in"
    assert f"{ops.pk},ops,,ops,,yes," in file
    assert "pbkdf2" not in file


def test_a_new_user_may_sign_in_with_the_role(client_of):
    answer = client_of("admin").post("/settings/users/add/", NEW | PASSWORDS)
    assert answer["Location"] == "/settings/users/"
    mira = User.objects.get(username="mira")
    assert (role_of(mira), mira.get_full_name(), mira.email) == ("planner", "Mira Kovač", "mira@example.org")
    assert mira.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"username": "admin"}, "already exists", id="name taken"),
        pytest.param({"username": "a b"}, "Enter a valid username", id="blank in name"),
        pytest.param({"username": "\x00"}, "Null characters are not allowed", id="null byte"),
        pytest.param({"email": "admin@example.org"}, "This e-mail is taken.", id="e-mail taken"),
        pytest.param({"role": "boss"}, "is not in the list.", id="no role"),
        pytest.param({"password": "other-password-here"}, "The two passwords differ.", id="passwords differ"),
        pytest.param({"password": "short", "password_again": "short"}, "too short", id="short password"),
        pytest.param(
            {"username": "mirakovacova", "password": "mirakovacova", "password_again": "mirakovacova"},
            "too similar to the username",
            id="password like the name",
        ),
    ],
)
def test_a_user_that_cannot_be_is_refused_with_the_reason(client_of, admin, given, reason):
    change_user(admin, email="admin@example.org", by=None, now=NOW)
    answer = client_of("admin").post("/settings/users/add/", NEW | PASSWORDS | given)
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert set(User.objects.values_list("username", flat=True)) == {"admin"}


def test_a_user_s_role_name_and_mail_are_changed(client_of, ops):
    given = changed(ops, role="manager", name="Ola Nordmann", email="ola@example.org")
    assert client_of("admin").post(f"/settings/users/{ops.pk}/", given).status_code == 302
    ops = User.objects.get(pk=ops.pk)
    assert (role_of(ops), str(ops), ops.email) == ("manager", "Ola Nordmann", "ola@example.org")


def test_becoming_admin_and_ceasing_to_be(client_of, ops):
    client = client_of("admin")
    client.post(f"/settings/users/{ops.pk}/", changed(ops, role="admin"))
    assert User.objects.get(pk=ops.pk).is_superuser
    client.post(f"/settings/users/{ops.pk}/", changed(ops, role="viewer"))
    assert not User.objects.get(pk=ops.pk).is_superuser
    assert not User.objects.get(pk=ops.pk).has_perm("accounts.add_user")


def test_a_deactivated_user_s_session_and_tokens_end(client_of, ops):
    theirs = client_of("ops")
    _, plain = create_token(user=ops, name="script", by=None, now=NOW)
    client_of("admin").post(f"/settings/users/{ops.pk}/", changed(ops, is_active=None))
    assert theirs.get("/settings/").status_code == 302
    assert ApiClient(plain).get("/api/authentication-check/").status_code == 401


def test_nobody_deactivates_themselves(client_of, admin, user_of):
    user_of("admin", username="second")
    answer = client_of("admin").post(f"/settings/users/{admin.pk}/", changed(admin, is_active=None))
    assert "You cannot deactivate your own account" in answer.content.decode()
    assert User.objects.get(pk=admin.pk).is_active


def test_the_last_administrator_stays_one(client_of, admin):
    answer = client_of("admin").post(f"/settings/users/{admin.pk}/", changed(admin, role="viewer"))
    assert "This is the last administrator" in answer.content.decode()
    assert User.objects.get(pk=admin.pk).is_superuser
    with pytest.raises(NotAllowed):
        change_user(admin, is_active=False, by=None, now=NOW)
    assert User.objects.get(pk=admin.pk).is_active


def test_who_was_made_an_administrator_meanwhile_is_none_afterwards(ops):
    read_before = User.objects.get(pk=ops.pk)
    set_role(ops, role="admin", by=None, now=NOW)
    User.objects.create_superuser("second")
    change_user(read_before, role="viewer", by=None, now=NOW)
    after = User.objects.get(pk=ops.pk)
    assert (role_of(after), after.is_superuser, after.is_staff) == ("viewer", False, False)


def test_a_form_that_showed_something_else_undoes_nothing(client_of, ops):
    client, page = client_of("admin"), f"/settings/users/{ops.pk}/"
    shown = client.get(page).context["form"]["shown"].value()
    change_user(ops, is_active=False, by=None, now=NOW)
    given = changed(ops, name="Ola Nordmann", is_active="on")
    assert "Open it again" in client.post(page, given | {"shown": shown}).text
    assert not User.objects.get(pk=ops.pk).is_active
    shown = client.get(page).context["form"]["shown"].value()
    assert client.post(page, given | {"shown": shown}).status_code == 302
    assert User.objects.get(pk=ops.pk).is_active


def test_only_an_administrator_makes_or_changes_one(admin, manager, ops):
    with pytest.raises(NotAllowed):
        set_role(ops, role="admin", by=manager, now=NOW)
    with pytest.raises(NotAllowed):
        change_user(admin, email="x@example.org", by=manager, now=NOW)
    with pytest.raises(NotAllowed):
        set_password(admin, "another-long-enough-password", by=manager, now=NOW)
    with pytest.raises(NotAllowed):
        create_token(user=admin, name="theirs", by=manager, now=NOW)


def test_an_administrator_sets_a_password(client_of, ops):
    theirs = client_of("ops")
    new = {"password": "another-long-enough-password", "password_again": "another-long-enough-password"}
    answer = client_of("admin").post(f"/settings/users/{ops.pk}/password/", new)
    assert answer["Location"] == f"/settings/users/{ops.pk}/"
    assert User.objects.get(pk=ops.pk).check_password("another-long-enough-password")
    assert theirs.get("/settings/").status_code == 302


def test_a_weak_password_is_refused(client_of, ops):
    answer = client_of("admin").post(
        f"/settings/users/{ops.pk}/password/", {"password": "short", "password_again": "short"}
    )
    assert "too short" in answer.content.decode()
    assert (
        "<li>The password can’t be too similar to other personal information.</li>" in answer.content.decode()
    )
    assert User.objects.get(pk=ops.pk).check_password(PASSWORD)


def test_one_s_own_password_is_changed_where_the_old_one_is_asked_for(client_of, admin):
    answer = client_of("admin").get(f"/settings/users/{admin.pk}/password/")
    assert answer["Location"] == "/settings/password/"
