"""Swaps: asked for, taken, withdrawn, lapsed, or moved by a manager; and who may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from readiness.organisation.people.models import Shift, Swap
from readiness.organisation.people.operations import rotations, swaps
from tests.conftest import NOW
from tests.pages import text_of
from tests.readiness.organisation.people import made
from web.workflows import NotInState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def rotation(user_of):
    """Ana and Bo take turns of a week; each signs in, and Cai, who is in no rotation, does as well."""
    made_rotation = made.rotation()
    ana, bo = (made.person(name=name, user=user_of("ops", username=name)) for name in ("ana", "bo"))
    made.person(name="cai", user=user_of("ops", username="cai"))
    made.layer(made_rotation, bo, ana)
    rotations.write_claimed_shifts(now=NOW)
    return made_rotation


@pytest.fixture
def signed_in(client, rotation, user_of):
    def make(name, role="ops"):
        client.force_login(user_of(role, username=name))
        return client

    return make


def anas():
    """The shift of next week."""
    return Shift.objects.get(starts_at=MONDAY + WEEK)


def ask(signed_in):
    answer = signed_in("ana").post(f"/people/shifts/{anas().pk}/swap/")
    assert answer.status_code == 302
    return Swap.objects.get()


def test_ones_own_shift_to_come_offers_to_ask_for_a_swap(signed_in, frozen_now):
    def offered(name):
        page = signed_in(name).get(f"/people/shifts/{anas().pk}/")
        return [entry.label for entry in page.context["entries"]]

    assert (offered("ana"), offered("bo")) == (["Ask for a swap"], [])
    page = signed_in("ana").get(f"/people/shifts/{anas().pk}/swap/")
    assert "30 Nov 2026 08:00 UTC" in text_of(page)
    frozen_now.at = anas().starts_at
    assert offered("ana") == []


def inbox_kinds(client):
    return [row["words"] for row in client.get("/api/inbox/").json()["entries"]]


def test_another_of_the_rotation_takes_the_shift(signed_in):
    swap = ask(signed_in)
    assert "Take a shift" not in inbox_kinds(signed_in("ana"))
    assert "Take a shift" not in inbox_kinds(signed_in("cai"))
    bo = signed_in("bo")
    assert "Take a shift" in inbox_kinds(bo)
    assert bo.post(f"/people/swaps/{swap.pk}/take/").status_code == 302
    shift = anas()
    assert (shift.person.name, shift.origin) == ("bo", "swap")
    swap.refresh_from_db()
    assert (swap.state, swap.taker.name, swap.answered_at) == ("taken", "bo", NOW)
    assert inbox_kinds(bo) == []


@pytest.mark.parametrize("name", ["ana", "cai"])
def test_neither_oneself_nor_a_stranger_takes_it(name, signed_in):
    swap = ask(signed_in)
    assert signed_in(name).post(f"/people/swaps/{swap.pk}/take/").status_code == 403
    assert anas().person.name == "ana"


def test_only_whose_shift_it_is_asks(signed_in):
    assert signed_in("bo").post(f"/people/shifts/{anas().pk}/swap/").status_code == 403
    assert not Swap.objects.exists()


def test_a_second_swap_of_the_shift_is_refused(signed_in):
    ask(signed_in)
    signed_in("ana").post(f"/people/shifts/{anas().pk}/swap/")
    assert Swap.objects.count() == 1


def test_it_is_withdrawn_and_then_not_taken(signed_in):
    swap = ask(signed_in)
    assert signed_in("bo").post(f"/people/swaps/{swap.pk}/withdraw/").status_code == 403
    assert signed_in("ana").post(f"/people/swaps/{swap.pk}/withdraw/").status_code == 302
    assert signed_in("bo").post(f"/people/swaps/{swap.pk}/take/").status_code == 409
    assert anas().person.name == "ana"


def test_it_lapses_as_the_shift_starts(signed_in, frozen_now):
    swap = ask(signed_in)
    frozen_now.at = swap.starts_at - timedelta(seconds=1)
    assert swaps.lapse_swaps(now=frozen_now.at) == 0
    bo = signed_in("bo")
    assert bo.get(f"/people/swaps/{swap.pk}/").context["is_open"]
    frozen_now.at = swap.starts_at
    assert not bo.get(f"/people/swaps/{swap.pk}/").context["is_open"]
    assert "Take a shift" not in inbox_kinds(bo)
    assert bo.post(f"/people/swaps/{swap.pk}/take/").status_code == 409
    assert swaps.lapse_swaps(now=frozen_now.at) == 1
    swap.refresh_from_db()
    assert swap.state == "lapsed"


def test_who_is_away_does_not_take_it(signed_in, rotation):
    swap = ask(signed_in)
    bo = rotation.layers.get().people.get(name="bo")
    made.leave(bo, starts_at=swap.starts_at, ends_at=swap.ends_at)
    answer = signed_in("bo").post(f"/people/swaps/{swap.pk}/take/")
    assert (answer.status_code, answer.context["refusals"]) == (422, ["This person is away in that time."])


def test_a_manager_moves_what_is_left_of_a_shift_at_once(rotation, client_of, frozen_now):
    running = Shift.objects.current(NOW).get()
    cai = made.person(name="dee")
    answer = client_of("manager").post(f"/people/shifts/{running.pk}/move/", {"taker": cai.pk})
    assert answer.status_code == 302
    at_noon = list(
        Shift.objects.order_by("starts_at").values_list("person__name", "starts_at", "ends_at")[:2]
    )
    assert at_noon == [("bo", MONDAY, NOW), ("dee", NOW, MONDAY + WEEK)]
    swap = Swap.objects.get()
    assert (swap.state, swap.requested_by.username) == ("taken", "manager")
    page = client_of("manager").get(f"/people/swaps/{swap.pk}/")
    assert [row.actor for row in page.context["history"]] == ["manager"] * 2


def test_a_move_answers_the_swap_that_is_open(signed_in, client_of):
    swap, dee = ask(signed_in), made.person(name="dee")
    assert (
        client_of("manager").post(f"/people/shifts/{anas().pk}/move/", {"taker": dee.pk}).status_code == 302
    )
    swap = Swap.objects.get()
    assert (swap.state, swap.taker, anas().person) == ("taken", dee, dee)
    assert swap.requested_by.username == "ana"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_change_a_shift_at_once_one_does(rotation, user_of):
    """All read the same shift; each waits for the one before, and finds the shift changed."""
    dees = [made.person(name=f"dee {number}") for number in range(6)]
    shift, manager, bo = anas(), user_of("manager"), user_of("ops", username="bo")
    asked = swaps.request_swap(shift, by=user_of("ops", username="ana"), now=NOW)
    changes = [lambda dee=dee: swaps.move_shift(shift, taker=dee, by=manager, now=NOW) for dee in dees]
    changes += [lambda: swaps.take(asked, by=bo, now=NOW)]

    def outcome(change):
        try:
            change()
        except (ValidationError, NotInState):
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(changes)) as pool:
        outcomes = list(pool.map(outcome, changes))
    assert sorted(outcomes) == ["done"] + ["refused"] * 6
    swap = Swap.objects.get()
    assert (swap.state, anas().person) == ("taken", swap.taker)


def test_ops_do_not_move_shifts(rotation, client_of):
    answer = client_of("ops").post(f"/people/shifts/{anas().pk}/move/", {"taker": 1})
    assert answer.status_code == 403


def test_the_same_by_calls(rotation, api_of, user_of):
    ana, bo, manager = (
        api_of(role, username=name) for role, name in (("ops", "ana"), ("ops", "bo"), ("manager", "max"))
    )
    asked = ana.post("/api/people/swaps/", {"shift": anas().pk})
    assert (asked.status_code, asked.json()["state"]["value"]) == (201, "open")
    taken = bo.post(f"/api/people/swaps/{asked.json()['id']}/take/")
    assert (taken.status_code, taken.json()["taker"]["display"]) == (200, "bo")
    moved = manager.post("/api/people/swaps/", {"shift": anas().pk, "taker": made.person(name="dee").pk})
    assert (moved.status_code, moved.json()["state"]["value"]) == (201, "taken")
    assert anas().person.name == "dee"


@pytest.mark.parametrize(
    "path", ["/people/swaps/", "/api/people/swaps/", "/people/shifts/", "/api/people/shifts/"]
)
def test_viewers_see_no_swaps_and_no_shifts(path, rotation, client_of):
    assert client_of("viewer").get(path).status_code == 403
