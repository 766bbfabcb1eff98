"""Pages and endpoints of silences and windows."""

from datetime import timedelta

import pytest

from accounts.models import AccessScope
from inventory.models import Region
from readiness.loop.alerts.models import MaintenanceWindow, Silence
from readiness.loop.alerts.silencing import operations
from readiness.loop.alerts.silencing.kinds import SILENCE
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.readiness.loop.alerts import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def porto():
    return inventory.site(name="Porto", slug="porto", time_zone="Europe/Lisbon")


@pytest.fixture
def overloaded(porto):
    return made.open_alert(site=porto, domain="energy", object="PDU-7")


def rows(page):
    return page.context["table"].source.rows_between(0, 50)


def cells(page):
    return {
        row.pk: {column.key: column.words(row, column.read(row)) for column in SILENCE.table.columns}
        for row in rows(page)
    }


def test_a_preview_says_what_matches_before_anything_is_saved(client_of, porto, overloaded):
    sent = {"reason": "Rack is moved", "ends_at": "2026-11-24 20:00", "site": "porto", "object": "pdu*"}
    ops = client_of("ops")
    page = ops.post("/silences/add/", sent | {"step": "preview"})
    assert page.status_code == 200
    assert (page.context["form"].matches.number, page.context["form"].matches.titles) == (
        1,
        ("PDU-7 is overloaded, Porto",),
    )
    assert not Silence.objects.exists()
    assert ops.post("/silences/add/", sent | {"step": "save"}).status_code == 302
    assert Silence.objects.get().created_by.username == "ops"


def test_a_form_of_an_alert_is_of_it_alone(client_of, porto, overloaded):
    ops = client_of("ops")
    page = ops.get(f"/silences/add/?alert={overloaded.pk}")
    assert page.context["form"].alert_alone == overloaded
    assert "site" not in page.context["form"].fields
    ops.post(
        "/silences/add/",
        {"alert": overloaded.pk, "reason": "Known", "ends_at": "2026-11-24 20:00", "step": "save"},
    )
    assert Silence.objects.get().alert == overloaded


def test_the_list_says_standing_and_effect(client_of, ops, porto, overloaded):
    held = operations.begin_silence(reason="Works", site=porto, ends_at=NOW + HOUR, by=ops, now=NOW)
    [cell] = cells(client_of("viewer").get("/silences/")).values()
    assert (cell["standing"], cell["matched"], cell["holds"]) == ("in force", "1 alert", "Porto")
    operations.end_silence(held, by=ops, now=NOW)
    [cell] = cells(client_of("viewer").get("/silences/")).values()
    assert (cell["standing"], cell["matched"]) == ("over", "")


def test_a_window_is_previewed_with_its_next_times_and_ends_early(client_of, porto, overloaded, frozen_now):
    sent = {
        "name": "Sunday works",
        "starts_at": "2026-11-29 03:00",
        "hours": "2",
        "rule": "FREQ=WEEKLY;BYDAY=SU",
        "last_ends_at": "2027-06-01 00:00",
        "site": "porto",
    }
    ops = client_of("ops")
    page = ops.post("/silences/windows/add/", sent | {"step": "preview"})
    assert page.context["form"].occurrences[0] == "29 Nov 2026 03:00 WET to 29 Nov 2026 05:00 WET"
    ops.post("/silences/windows/add/", sent | {"step": "save"})
    window = MaintenanceWindow.objects.get()
    assert ops.post(f"/silences/windows/{window.pk}/end-present/").status_code == 422, "it is not under way"
    frozen_now.move(days=4, hours=12)
    assert ops.post(f"/silences/windows/{window.pk}/end-present/").status_code == 302
    assert ops.post(f"/silences/windows/{window.pk}/end/").status_code == 302
    window.refresh_from_db()
    assert window.ended_early_by.username == "ops"
    assert ops.get(f"/silences/windows/{window.pk}/edit/").status_code == 200
    assert ops.post(f"/silences/windows/{window.pk}/edit/", sent | {"step": "save"}).status_code == 422


def test_a_mistake_stands_at_its_field(client_of, porto):
    page = client_of("ops").post(
        "/silences/add/", {"reason": "x", "ends_at": "2026-11-24 12:00", "site": "porto"}
    )
    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["ends_at"]


def test_the_calendar_has_each_day_of_each(client_of, ops, porto):
    operations.begin_silence(reason="Works", site=porto, ends_at=NOW + 2 * DAY, by=ops, now=NOW)
    operations.announce_window(
        name="Nightly", site=porto, starts_at=NOW + DAY, duration_min=60, rule="FREQ=DAILY",
        last_ends_at=NOW + 4 * DAY, by=ops, now=NOW,
    )  # fmt: skip
    page = client_of("viewer").get("/silences/calendar/")
    listed = {day.day.day: [entry.title for entry in day.entries] for day in page.context["contents"].days}
    assert listed == {24: ["Works"], 25: ["Works", "Nightly"], 26: ["Works", "Nightly"], 27: ["Nightly"]}
    assert client_of("viewer").get("/silences/calendar/?site=faro").status_code == 400


def test_the_calendar_of_a_place_has_what_may_hold_there(client_of, ops, porto):
    europe = Region.objects.create(name="Europe", slug="europe")
    asia = Region.objects.create(name="Asia", slug="asia")
    Region.objects.filter(pk=porto.region_id).update(parent=europe)
    for reason, place in (
        ("at the site", {"site": porto}),
        ("in its region", {"region": porto.region}),
        ("around its region", {"region": europe}),
        ("everywhere", {"domain": "energy"}),
        ("in Asia", {"region": asia}),
    ):
        operations.begin_silence(reason=reason, ends_at=NOW + HOUR, by=ops, now=NOW, **place)

    def reasons(query):
        page = client_of("viewer").get(f"/silences/calendar/?{query}")
        return {entry.title for day in page.context["contents"].days for entry in day.entries}

    here = {"at the site", "in its region", "around its region", "everywhere"}
    assert reasons("site=porto") == reasons(f"region={porto.region.slug}") == reasons("region=europe") == here
    assert reasons("region=asia") == {"in Asia", "everywhere"}


def test_the_api_does_the_same(client_of, porto, overloaded):
    ops = client_of("ops")
    body = {"reason": "Works", "site": {"slug": "porto"}, "ends_at": (NOW + HOUR).isoformat()}
    made_silence = ops.post("/api/loop/silences/", body, content_type="application/json")
    assert made_silence.status_code == 201, made_silence.content
    answer = made_silence.json()
    assert (answer["standing"], answer["matched"], answer["created_by"]["display"]) == ("in force", 1, "ops")
    assert ops.get("/api/loop/silences/?unfinished=true").json()["count"] == 1
    longer = {"ends_at": (NOW + 2 * HOUR).isoformat()}
    assert ops.patch(answer["url"], longer, content_type="application/json").status_code == 200
    assert ops.post(f"/api/loop/silences/{answer['id']}/end/").json()["standing"] == "over"
    assert ops.post(f"/api/loop/silences/{answer['id']}/end/").status_code == 409
    assert ops.delete(answer["url"]).status_code == 403
    window = {"name": "Works", "domain": "energy", "starts_at": NOW.isoformat(), "duration_min": 60}
    announced = ops.post("/api/loop/windows/", window, content_type="application/json")
    assert announced.status_code == 201, announced.content
    assert announced.json()["occurrence_ends_at"] == "2026-11-24T17:00:00Z"
    repeated = window | {"rule": "FREQ=DAILY"}
    refused = ops.post("/api/loop/windows/", repeated, content_type="application/json")
    assert (refused.status_code, list(refused.json())) == (400, ["last_ends_at"])


def test_whoever_is_limited_to_a_site_silences_that_site_alone(client_of, ops, porto):
    faro = inventory.site(name="Faro", slug="faro", region=porto.region)
    AccessScope.objects.create(user=ops, kind="site", slug="porto")
    client = client_of("ops")

    def code(**named):
        body = {"reason": "Works", "ends_at": (NOW + HOUR).isoformat(), **named}
        return client.post("/api/loop/silences/", body, content_type="application/json").status_code

    assert code(site=porto.pk) == 201
    assert code(domain="energy") == 403, "it would hold back alerts of other sites"
    assert code(region=porto.region.pk) == 403, "a region that contains other sites too"
    assert code(site=faro.pk) == 400, "a site that the user does not see"
