"""Pages of origins and of bases on record: what they show, what their forms refuse, and whom they refuse."""

from datetime import date

import pytest

from readiness.demand.jurisdiction.models import HeldBasis, RulePack
from readiness.demand.workloads.models import WorkloadClass

pytestmark = pytest.mark.django_db
URL = "/tradeoffs/rules/"
BASIS = {
    "workload_class": "chat", "basis": "eu-scc", "destination": "US", "held_from": "2026-01-01",
    "held_until": "2026-06-30", "reference": "Contract 12",
}  # fmt: skip


@pytest.fixture
def chat(db):
    return WorkloadClass.objects.create(name="Chat", slug="chat")


@pytest.fixture
def planning(client_of, frozen_now):
    return client_of("planner")


@pytest.fixture
def basis_known(chat):
    """The slug of a basis that the rules in force know."""
    return next(one["id"] for one in RulePack.objects.published().get().bases)


def shown(answer, status=200):
    assert answer.status_code == status, answer.content[:500]
    text = answer.content.decode()
    assert "Not legal advice" in text
    return text


def errors_of(answer):
    shown(answer, 422)
    return dict(answer.context["form"].errors)


def test_a_basis_is_told_by_its_name_and_whether_it_is_held(planning, basis_known):
    answer = planning.post(f"{URL}bases/add/", BASIS | {"basis": basis_known})
    page = shown(planning.get(answer.url))
    for told in ("United States", "Contract 12", "ended"):
        assert told in page
    name = next(one["name"] for one in RulePack.objects.published().get().bases if one["id"] == basis_known)
    assert planning.get(answer.url).context["heading"] == f"{name} for Chat"
    listed = shown(planning.get(f"{URL}bases/"))
    assert basis_known not in planning.get(f"{URL}bases/").context["table"].rows[0].cells[1].text
    assert "ended" in listed
    exported = planning.get(f"{URL}bases/?export=csv")
    assert b"chat" in b"".join(exported)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"workload_class": "none"}, "workload_class"),
        ({"basis": "a-handshake"}, "basis"),
        ({"destination": "XX"}, "destination"),
        ({"held_until": "2025-12-31"}, "__all__"),
        ({"held_from": "soon"}, "held_from"),
        ({"reference": " "}, "reference"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_lost(planning, basis_known, wrong, field):
    answer = planning.post(f"{URL}bases/add/", BASIS | {"basis": basis_known} | wrong)
    assert list(errors_of(answer)) == [field]
    assert "2026-06-30" in answer.text or "held_until" in wrong
    assert not HeldBasis.objects.exists()


def test_a_basis_that_the_rules_in_force_do_not_know_can_be_ended(planning, chat):
    old = HeldBasis.objects.create(
        workload_class=chat, basis="old-shield", held_from=date(2016, 8, 1), reference="List of 2016"
    )
    assert "meets no rule in force" in shown(planning.get(f"{URL}bases/{old.pk}/"))
    sent = BASIS | {"basis": "old-shield", "held_from": "2016-08-01", "held_until": "2020-07-16"}
    planning.post(f"{URL}bases/{old.pk}/edit/", sent)
    old.refresh_from_db()
    assert old.held_until == date(2020, 7, 16)
