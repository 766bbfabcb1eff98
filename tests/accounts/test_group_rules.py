"""What groups of the provider give, and when it ends."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts import sign_on
from accounts.group_rules import access_of
from accounts.models import ExternalIdentity, GroupRule, Session, User
from accounts.operations import NotAllowed, change_user, create_token, create_user
from accounts.queries import role_of, scopes_of
from accounts.sign_on import Claims, NoAccess
from tests.conftest import NOW, ApiClient
from tests.inventory import made

ISSUER = "https://id.example.org"
DAY = timedelta(days=1)


def rule(group, role, kind="", slug=""):
    return GroupRule(group=group, role=role, scope_kind=kind, scope_slug=slug)


RULES = [
    rule("staff", "viewer"),
    rule("ops-porto", "ops", "site", "porto"),
    rule("ops-lyon", "ops", "site", "lyon"),
    rule("ops-all", "ops"),
    rule("admins", "admin"),
]


@pytest.mark.parametrize(
    ("groups", "role", "scopes"),
    [
        pytest.param([], "", (), id="no group"),
        pytest.param(["guests"], "", (), id="a group without a rule"),
        pytest.param(["Staff"], "", (), id="another letter case is another group"),
        pytest.param(["staff"], "viewer", (), id="everywhere"),
        pytest.param(["ops-porto"], "ops", (("site", "porto"),), id="one site"),
        pytest.param(["ops-porto", "ops-lyon"], "ops", (("site", "lyon"), ("site", "porto")), id="two sites"),
        pytest.param(["ops-porto", "ops-all"], "ops", (), id="everywhere holds one site"),
        pytest.param(["staff", "ops-porto"], "ops", (("site", "porto"),), id="a role of a site stays there"),
        pytest.param(["ops-porto", "admins"], "admin", (), id="the highest role counts"),
    ],
)
def test_what_groups_give(groups, role, scopes):
    access = access_of(RULES, groups)
    assert (access.role, access.scopes) == (role, scopes)


@pytest.fixture
def rules(admin):
    GroupRule.objects.bulk_create(
        rule(each.group, each.role, each.scope_kind, each.scope_slug) for each in RULES
    )


def claims(*groups, subject="s-1", **more):
    return Claims(issuer=ISSUER, subject=subject, username="mira", groups=groups, **more)


def test_a_first_sign_in_makes_the_account(rules):
    user = sign_on.sign_on(claims("ops-porto", name="Mira Kovač", email="mira@example.org"), now=NOW)
    assert (user.username, str(user), role_of(user), scopes_of(user)) == (
        "mira",
        "Mira Kovač",
        "ops",
        (("site", "porto"),),
    )
    assert not user.has_usable_password()


def test_nobody_without_a_rule_gets_an_account(rules):
    assert isinstance(sign_on.sign_on(claims("guests"), now=NOW), NoAccess)
    assert not User.objects.filter(username="mira").exists()


def test_each_sign_in_sets_role_and_sites(rules):
    for groups, role, scopes in (
        (["ops-porto"], "ops", (("site", "porto"),)),
        (["admins"], "admin", ()),
        (["staff"], "viewer", ()),
    ):
        user = sign_on.sign_on(claims(*groups), now=NOW)
        user = User.objects.get(pk=user.pk)
        assert (role_of(user), scopes_of(user), user.is_superuser) == (role, scopes, role == "admin")


def test_who_left_all_groups_loses_role_and_tokens_at_the_next_sign_in(rules):
    user = sign_on.sign_on(claims("ops-all"), now=NOW)
    _, plain = create_token(user=user, name="script", by=None, now=NOW)
    assert ApiClient(plain).get("/api/authentication-check/").json()["permissions"]
    assert isinstance(sign_on.sign_on(claims("guests"), now=NOW), NoAccess)
    assert role_of(User.objects.get(pk=user.pk)) == ""
    assert ApiClient(plain).get("/api/authentication-check/").json()["permissions"] == []


def test_nobody_makes_a_token_for_a_user_of_the_provider(rules, admin):
    user = sign_on.sign_on(claims("ops-all"), now=NOW)
    with pytest.raises(NotAllowed, match="makes their own tokens"):
        create_token(user=user, name="script", by=admin, now=NOW)


def test_a_role_ends_when_no_sign_in_renewed_it(rules, client_of):
    user = sign_on.sign_on(claims("ops-all"), now=NOW)
    client = client_of(None)
    client.force_login(user)
    _, plain = create_token(user=user, name="script", by=None, now=NOW)
    assert sign_on.end_stale(before=NOW, now=NOW + 7 * DAY) == 0
    assert sign_on.end_stale(before=NOW + DAY, now=NOW + 8 * DAY) == 1
    assert sign_on.end_stale(before=NOW + DAY, now=NOW + 8 * DAY) == 0
    assert role_of(User.objects.get(pk=user.pk)) == ""
    assert not Session.objects.filter(user=user).exists()
    assert ApiClient(plain).get("/api/authentication-check/").json()["permissions"] == []
    sign_on.sign_on(claims("ops-all"), now=NOW + 9 * DAY)
    assert role_of(User.objects.get(pk=user.pk)) == "ops"
    assert ExternalIdentity.objects.get().ended_at is None


def test_no_rule_takes_the_last_administrator(rules, admin):
    ExternalIdentity.objects.create(user=admin, issuer=ISSUER, subject="s-ada", seen_at=NOW)
    ada = {"subject": "s-ada"}
    for groups in (["staff"], ["ops-porto"], ["guests"]):
        assert sign_on.sign_on(claims(*groups, **ada), now=NOW) == admin
        assert User.objects.get(pk=admin.pk).is_superuser
    assert sign_on.end_stale(before=NOW + DAY, now=NOW + 8 * DAY) == 0
    assert User.objects.get(pk=admin.pk).is_superuser
    assert sign_on.sign_on(claims("admins", subject="s-2"), now=NOW + 8 * DAY).is_superuser
    assert sign_on.end_stale(before=NOW + DAY, now=NOW + 8 * DAY) == 1
    assert not User.objects.get(pk=admin.pk).is_superuser


@pytest.mark.parametrize("groups", [["staff"], []])
def test_a_role_that_was_set_meanwhile_leaves_no_superuser(rules, groups):
    sign_on.sign_on(claims("staff"), now=NOW)
    identity = ExternalIdentity.objects.select_related("user").get()
    change_user(User.objects.get(pk=identity.user.pk), role="admin", by=None, now=NOW)
    with transaction.atomic():
        sign_on._give(identity.user, access_of(RULES, groups), NOW)
    assert not User.objects.get(pk=identity.user.pk).is_superuser


def test_an_account_is_taken_over_by_a_proven_address_only(rules, ops):
    change_user(ops, email="ola@example.org", by=None, now=NOW)
    for subject, email in (("s-2", "ola@example.org"), ("s-4", "unproven@example.org")):
        stranger = sign_on.sign_on(claims("staff", subject=subject, email=email), now=NOW)
        assert (stranger == ops, stranger.email) == (False, "")
    proven = {"subject": "s-3", "email": "OLA@example.org", "has_proven_email": True}
    assert sign_on.sign_on(claims("staff", **proven), now=NOW) == ops


def test_an_address_does_not_take_over_an_account_of_another_identity(rules):
    proven = {"email": "mira@example.org", "has_proven_email": True}
    first = sign_on.sign_on(claims("staff", **proven), now=NOW)
    second = sign_on.sign_on(claims("staff", subject="s-2", **proven), now=NOW)
    assert first != second
    assert second.username == "mira-2"


def test_a_deactivated_account_stays_out(rules, ops):
    user = sign_on.sign_on(claims("staff"), now=NOW)
    change_user(user, is_active=False, by=None, now=NOW)
    assert isinstance(sign_on.sign_on(claims("staff"), now=NOW), NoAccess)
    change_user(ops, email="ola@example.org", is_active=False, by=None, now=NOW)
    proven = {"subject": "s-2", "email": "ola@example.org", "has_proven_email": True}
    assert isinstance(sign_on.sign_on(claims("staff", **proven), now=NOW), NoAccess)
    assert not ExternalIdentity.objects.filter(user=ops).exists()
    User.objects.filter(pk=ops.pk).update(is_superuser=True)
    assert sign_on.sign_on(claims("staff", **proven), now=NOW) != ops


def test_an_address_takes_over_neither_administrators_nor_programs(rules, admin, user_of):
    change_user(admin, email="ada@example.org", by=None, now=NOW)
    program = user_of("ops", username="loader", kind="service", owner=admin, email="load@example.org")
    former = create_user(username="former", role="ops", email="former@example.org", by=None, now=NOW)
    create_token(user=former, name="loader", by=None, now=NOW)
    for account in (admin, program, former):
        proven = {"subject": account.username, "email": account.email, "has_proven_email": True}
        user = sign_on.sign_on(claims("staff", **proven), now=NOW)
        assert (user != account, user.email) == (True, "")


def test_rules_are_written_by_administrators_who_are_told_of_places_that_there_are_not(client_of):
    path = "/settings/group-rules/add/"
    assert client_of("manager").get(path).status_code == 403
    client = client_of("admin")
    new_rule = {"group": "ops", "role": "ops", "scope_kind": "site", "scope_slug": "nowhere"}
    assert "There is no site" in client.post(path, new_rule).text
    answer = client.post("/api/accounts/group-rules/", new_rule, content_type="application/json")
    assert answer.status_code == 400
    assert "scope_slug" in answer.json()
    half = new_rule | {"scope_slug": ""}
    assert client.post("/api/accounts/group-rules/", half, content_type="application/json").status_code == 400
    assert client.post(path, {"group": "ops", "role": "ops"}).status_code == 302
    assert client.post(path, {"group": "ops", "role": "ops"}).status_code != 302
    [history] = client.get("/api/history/?model=accounts.group-rule").json()["results"]
    assert history["action"] == "created"


def test_rules_follow_a_new_slug_and_end_with_their_place(rules):
    porto, other = made.site(name="Porto", slug="porto"), made.site(name="Lagos", slug="lagos")
    for site, slug in ((porto, "porto-1"), (other, "porto")):
        site.slug = slug
        site.save()
    user = sign_on.sign_on(claims("ops-porto"), now=NOW)
    assert scopes_of(user) == (("site", "porto-1"),)
    porto.delete()
    assert not GroupRule.objects.filter(group="ops-porto").exists()


def test_a_trial_says_what_groups_would_get_and_writes_nothing(rules, client_of):
    client = client_of("admin")
    access = client.get("/settings/group-rules/try/?groups=staff, ops-porto").context["access"]
    assert (access.role, access.scopes) == ("ops", (("site", "porto"),))
    assert "No access" in client.get("/settings/group-rules/try/?groups=guests").text
    assert not ExternalIdentity.objects.exists()
