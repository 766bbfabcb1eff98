"""What ties two accounts, what an approval between them rests on, and the list for administrators."""

import json
from datetime import timedelta

import pytest

from accounts import operations as accounts
from accounts.models import AccessScope, AccountTie, User
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.grants import operations as grants
from readiness.assessment.grants.models import Grant
from readiness.organisation.people import operations as people_operations
from readiness.organisation.people.models import Person
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.organisation.people import made as people
from web.workflows import second
from web.workflows.models import Approval

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def ties():
    return list(AccountTie.objects.order_by("pk").values_list("account__username", "kind", "by__username"))


@pytest.fixture
def admin(user_of):
    return user_of("admin")


def manager(admin, at=NOW):
    return accounts.create_user(username="eve", role="manager", by=admin, now=at)


def asked(by, site=None):
    return grants.request(
        site=site or made.site(slug="porto"), kind="waiver", check_id="p2-power-headroom", reason="UPS B",
        ends_at=NOW + 90 * DAY, gate=Gate.COND, excluded=False, by=by, now=NOW,
    )  # fmt: skip


def test_who_made_promoted_or_opened_an_account_is_kept(admin, user_of):
    viewer, program = user_of("viewer"), user_of("ops", kind="service")
    assert ties() == []
    manager(admin)
    accounts.set_role(viewer, role="manager", by=admin, now=NOW)
    accounts.set_role(viewer, role="manager", by=admin, now=NOW)
    accounts.set_password(viewer, "another long one 11", by=admin, now=NOW)
    accounts.set_password(viewer, "another long one 12", by=viewer, now=NOW)
    accounts.create_token(user=program, name="mine", by=admin, now=NOW)
    accounts.create_token(user=admin, name="own", by=admin, now=NOW)
    assert ties() == [
        ("eve", "made", "admin"),
        ("eve", "role", "admin"),
        ("viewer", "role", "admin"),
        ("viewer", "opened", "admin"),
        ("ops", "opened", "admin"),
    ]


def test_a_former_owner_may_still_act_with_the_service_account(admin, user_of, settings):
    alice, bob = user_of("manager"), user_of("viewer")
    program = user_of("ops", kind="service", owner=alice)
    accounts.change_user(program, purpose="Asks for waivers", by=admin, now=NOW)
    accounts.change_user(program, owner=alice, by=admin, now=NOW)
    assert ties() == []
    accounts.change_user(program, owner=bob, by=admin, now=NOW)
    assert ties() == [("ops", "opened", "manager")]
    assert second.approval_flags(program.pk, alice, now=NOW + DAY) == {"opened"}
    assert second.approval_flags(program.pk, alice, now=NOW + 31 * DAY) == set()
    settings.STRICT_SECOND_PERSON = True
    with pytest.raises(second.SamePerson):
        second.refuse_same_person(program.pk, alice, now=NOW + DAY)


@pytest.mark.parametrize("end", ["unlink", "raw", "erased", "deleted"])
def test_a_link_that_ends_leaves_its_mark(admin, user_of, end):
    viewer = user_of("viewer")
    person = people.person(user=viewer)
    assert AccountTie.objects.filter(person_id=person.pk, account=viewer, ended_at=None).exists()
    {
        "unlink": lambda: people_operations.unlink(person, by=admin, now=NOW),
        "raw": lambda: Person.objects.update(user=None, user_confirmed_at=None),
        "erased": lambda: people_operations.erase_person(person, by=admin, now=NOW),
        "deleted": person.delete,
    }[end]()
    [ended_at] = AccountTie.objects.values_list("ended_at", flat=True)
    assert ended_at == NOW if end in ("unlink", "erased") else ended_at >= NOW


def linked_in_turn(first, other, ended_at):
    person = people.person(user=first)
    people_operations.unlink(person, by=first, now=ended_at)
    AccountTie.objects.create(
        account=other, kind="person", person_id=person.pk, began_at=ended_at, ended_at=None
    )


@pytest.mark.parametrize(("days", "same"), [(29, True), (31, False)])
def test_accounts_of_one_person_within_thirty_days_are_one(user_of, days, same):
    one, other = user_of("viewer"), user_of("ops")
    linked_in_turn(one, other, NOW - days * DAY)
    assert second.same_person(one, other, now=NOW) is same
    assert second.same_person(other, one, now=NOW) is same
    # Whoever acted when it was one person waits in vain.
    assert second.same_person(one, other, now=NOW, since=NOW - 5 * DAY)
    assert not second.same_person(one, user_of("manager"), now=NOW)


def test_closeness_reaches_on_from_account_to_account(admin, user_of):
    ops, viewer = user_of("ops"), user_of("viewer")
    linked_in_turn(admin, ops, NOW - DAY)
    linked_in_turn(ops, viewer, NOW - DAY)
    assert second.same_person(admin, viewer, now=NOW)
    eve = manager(viewer)
    assert not second.same_person(admin, eve, now=NOW)
    assert second.approval_flags(admin.pk, eve, now=NOW) == {"young", "relinked"}


def test_an_approval_by_an_account_that_the_requester_made_is_flagged_everywhere(
    admin, client_of, api_of, frozen_now
):
    grant = asked(admin)
    grants.approve(grant, note="", by=manager(admin), now=NOW)
    [approval] = Approval.objects.all()
    assert (approval.first, approval.second.username, approval.flags) == (admin, "eve", ["young"])
    address = f"/api/readiness/waivers/{grant.pk}/"
    assert [each["value"] for each in api_of("viewer").get(address).json()["approval_flags"]] == ["young"]
    assert client_of("viewer").get(f"/waivers/{grant.pk}/").context["approval_flags"] == (
        "Account made by the other"
    )
    exported = client_of("viewer").get("/waivers/?export=json&cols=check&cols=approval_flags")
    [row] = json.loads(b"".join(exported.streaming_content))
    assert row["approval_flags"] == "Account made by the other"
    [listed] = api_of("admin").get("/api/approvals/", {"flags": "young"}).json()["results"]
    assert listed["flags"] == [{"value": "young", "label": "Account made by the other"}]
    assert (listed["table"], listed["object_id"], listed["step"]) == ("grants.grant", grant.pk, "approve")
    answer = client_of("admin").get("/approvals/")
    assert [row.object.subject for row in answer.context["table"].rows] == [grant]


def test_the_strict_setting_refuses_it_and_says_why(admin, settings, client_of, frozen_now):
    settings.STRICT_SECOND_PERSON = True
    grant, eve = asked(admin), manager(admin)
    with pytest.raises(second.SamePerson, match="MUSTER_STRICT_SECOND_PERSON"):
        grants.approve(grant, note="", by=eve, now=NOW)
    assert not Grant.objects.filter(grants.DECIDING.of(eve, NOW)).exists()
    later = manager_of_old(admin)
    grants.approve(grant, note="", by=later, now=NOW)
    assert Approval.objects.get().flags == []
    answer = client_of("admin").get("/approvals/")
    assert answer.context["is_strict"]
    assert answer.context["table"].rows == []


def manager_of_old(admin):
    return accounts.create_user(username="old", role="manager", by=admin, now=NOW - 31 * DAY)


def test_two_accounts_that_a_third_made_are_in_one_hand(admin, settings, frozen_now):
    maker = accounts.create_user(username="planner-1", role="planner", by=admin, now=NOW)
    grant, eve = asked(maker), manager(admin)
    settings.STRICT_SECOND_PERSON = True
    with pytest.raises(second.SamePerson):
        grants.approve(grant, note="", by=eve, now=NOW)
    settings.STRICT_SECOND_PERSON = False
    grants.approve(grant, note="", by=eve, now=NOW)
    assert Approval.objects.get(first=maker).flags == ["young"]


def test_who_gave_itself_a_role_is_flagged_and_strictly_refused(user_of, settings, frozen_now):
    grant, self_made = asked(user_of("planner")), user_of("ops")
    accounts.set_role(self_made, role="manager", by=self_made, now=NOW)
    self_made = User.objects.get(pk=self_made.pk)
    settings.STRICT_SECOND_PERSON = True
    with pytest.raises(second.SamePerson, match="gave itself its role"):
        grants.approve(grant, note="", by=self_made, now=NOW)
    settings.STRICT_SECOND_PERSON = False
    grants.approve(grant, note="", by=self_made, now=NOW)
    assert Approval.objects.get().flags == ["own-role"]


def test_a_link_that_comes_later_flags_what_was_approved_before(user_of, frozen_now):
    one, other = user_of("planner"), user_of("manager")
    person = people.person(user=one)
    grants.approve(asked(one), note="", by=other, now=NOW)
    assert Approval.objects.get().flags == []
    people_operations.unlink(person, by=one, now=NOW)
    people_operations.request_link(person, user=other, by=user_of("admin"), now=NOW)
    people_operations.confirm_link(person, by=other, now=NOW)
    assert Approval.objects.get(table="grants.grant").flags == ["relinked"]


def test_nobody_moves_their_own_person_to_their_other_account(user_of, frozen_now):
    one, other = user_of("manager"), user_of("viewer")
    person = people.person(user=one)
    people_operations.unlink(person, by=one, now=NOW)
    people_operations.request_link(person, user=other, by=one, now=NOW)
    with pytest.raises(second.SamePerson):
        people_operations.confirm_link(person, by=other, now=NOW)


def test_the_list_is_for_administrators_and_for_what_they_see(admin, client_of, api_of, user_of, frozen_now):
    empty = client_of("admin").get("/approvals/")
    assert "No approval to look at" in empty.text
    assert client_of("manager").get("/approvals/").status_code == 403
    assert api_of("manager").get("/api/approvals/").status_code == 403
    eve = manager(admin)
    for slug in ("porto", "lagos"):
        grants.approve(asked(admin, made.site(slug=slug)), note="", by=eve, now=NOW)
    scoped = user_of("admin", username="scoped")
    AccessScope.objects.create(user=scoped, kind="site", slug="porto")
    client = client_of(None)
    client.force_login(scoped)
    answer = client.get("/approvals/")
    assert [row.object.subject.site.slug for row in answer.context["table"].rows] == ["porto"]
    assert len(client_of("admin").get("/approvals/").context["table"].rows) == 2
