"""Every door to rotations leads to shifts; what is past stays as it was written."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.organisation.people.models import (
    Layer,
    LayerMember,
    Leave,
    Override,
    Rotation,
    RotationSite,
    Shift,
)
from readiness.organisation.people.operations import feeds, rotations
from tests.conftest import NOW
from tests.pages import rows_of, words_of
from tests.readiness.organisation.people import made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def rotation():
    return made.rotation(time_zone="UTC")


@pytest.fixture
def people():
    return [made.person(name=name, email=f"{name}@example.org") for name in ("ana", "bo", "cai")]


@pytest.fixture
def written(rotation, people):
    """A rotation with shifts of a week, three people in turn."""
    made.layer(rotation, *people)
    rotations.write_claimed_shifts(now=NOW)
    return rotation


def shifts(rotation, level=1):
    rows = Shift.objects.filter(rotation=rotation, level=level).order_by("starts_at")
    return [(row.starts_at, row.ends_at, row.person.name if row.person else None) for row in rows]


def test_a_layer_becomes_shifts_of_60_days(written):
    rows = shifts(written)
    assert rows[0] == (MONDAY, MONDAY + WEEK, "ana")
    assert [row[2] for row in rows[:4]] == ["ana", "bo", "cai", "ana"]
    assert rows[-1][0] <= NOW + timedelta(days=60) < rows[-1][1]
    assert rotations.write_claimed_shifts(now=NOW) == 0


def test_a_level_that_is_new_is_filled_back_35_days(rotation, people):
    made.layer(rotation, *people, starts_at=MONDAY - 20 * WEEK)
    rotations.write_claimed_shifts(now=NOW)
    assert shifts(rotation)[0][:2] == (MONDAY - 5 * WEEK, MONDAY - 4 * WEEK)


def test_the_past_stays_and_the_present_is_cut(written, people, frozen_now):
    later = frozen_now.move(days=8)
    LayerMember.objects.filter(person=people[1]).update(person=people[2])
    rotations.write_claimed_shifts(now=later)
    assert shifts(written)[:3] == [
        (MONDAY, MONDAY + WEEK, "ana"),
        (MONDAY + WEEK, later, "bo"),
        (later, MONDAY + 2 * WEEK, "cai"),
    ]


def test_nothing_is_written_where_nothing_changed(written, django_assert_max_num_queries):
    before = set(Shift.objects.values_list("pk", "ends_at"))
    with django_assert_max_num_queries(20):
        rotations.extend_shifts(now=NOW + timedelta(hours=1))
    assert set(Shift.objects.values_list("pk", "ends_at")) == before


def test_an_hour_and_a_day_later_more_are_ahead(written):
    rotations.extend_shifts(now=NOW + WEEK)
    assert shifts(written)[-1][0] > NOW + timedelta(days=60)


def test_hours_go_on_where_no_shift_is_written_yet(written, client_of):
    def hours(first, last):
        span = {"start": (MONDAY + first * WEEK).isoformat(), "end": (MONDAY + last * WEEK).isoformat()}
        answer = client_of("ops").get(
            "/people/oncall/hours/", span | {"export": "csv", "rotation": written.slug}
        )
        return {row["Person"]: (float(row["Hours"]), row["Shifts"]) for row in rows_of(answer)}

    week = 7 * 24
    assert hours(21, 27) == dict.fromkeys(("ana", "bo", "cai"), (2 * week, "2"))
    assert hours(0, 18) == dict.fromkeys(("ana", "bo", "cai"), (6 * week, "6"))


WINDOW = {"starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-02T00:00:00Z"}
DOORS = {
    "a form": lambda page, api, rotation, person: page.post(
        "/people/overrides/add/",
        {
            "rotation": rotation.pk,
            "level": 1,
            "person": person.pk,
            "starts_at": "2026-12-01 00:00",
            "ends_at": "2026-12-02 00:00",
        },
    ),
    "a call": lambda page, api, rotation, person: api.post(
        "/api/people/overrides/", {"rotation": rotation.pk, "level": 1, "person": person.pk} | WINDOW
    ),
    "a list": lambda page, api, rotation, person: api.post(
        "/api/people/overrides/", [{"rotation": rotation.pk, "level": 1, "person": person.pk} | WINDOW]
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_each_door_writes_shifts_at_once(door, written, people, client_of, api_of):
    answer = DOORS[door](client_of("manager"), api_of("manager"), written, people[2])
    assert answer.status_code in (201, 302)
    begins = datetime(2026, 12, 1, tzinfo=UTC)
    assert (begins, begins + timedelta(days=1), "cai") in shifts(written)
    assert (MONDAY + WEEK, begins, "bo") in shifts(written)


@pytest.mark.parametrize(
    "change",
    [
        lambda rotation, person: Leave.objects.create(
            person=person, starts_at=MONDAY + WEEK, ends_at=MONDAY + 2 * WEEK
        ),
        lambda rotation, person: LayerMember.objects.filter(person=person).delete(),
        lambda rotation, person: Layer.objects.filter(rotation=rotation).update(turn_shifts=2),
        lambda rotation, person: Rotation.objects.filter(pk=rotation.pk).update(time_zone="Asia/Tokyo"),
        lambda rotation, person: type(person).objects.filter(pk=person.pk).update(left_at=MONDAY + WEEK),
        lambda rotation, person: Override.objects.bulk_create(
            [Override(rotation=rotation, level=1, starts_at=MONDAY + WEEK, ends_at=MONDAY + 2 * WEEK)]
        ),
    ],
    ids=["leave", "member", "layer", "zone", "who left", "override"],
)
def test_whatever_changes_shifts_leaves_a_claim(change, written, people):
    before = shifts(written)
    change(written, people[1])
    assert rotations.write_claimed_shifts(now=NOW) == 1
    assert shifts(written) != before or Rotation.objects.get().time_zone == "Asia/Tokyo"


def test_leave_makes_a_shift_nobodys(written, people):
    Leave.objects.create(person=people[1], starts_at=MONDAY + WEEK, ends_at=MONDAY + 2 * WEEK)
    rotations.write_claimed_shifts(now=NOW)
    shift = Shift.objects.get(rotation=written, starts_at=MONDAY + WEEK)
    assert (shift.person, shift.is_on_leave) == (None, True)


def test_a_rotation_goes_with_all_it_has(written, api_of):
    RotationSite.objects.all().delete()
    assert api_of("manager").delete(f"/api/people/rotations/{written.pk}/").status_code == 204
    assert not Shift.objects.exists()


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;COUNT=2", "now and then"])
def test_a_rule_beyond_bounds_is_refused_at_its_field(rule, rotation, client_of, api_of):
    given = {
        "rotation": rotation.pk,
        "level": 1,
        "starts_at": "2026-11-23T08:00:00Z",
        "duration_min": 60,
        "turn_shifts": 1,
        "rule": rule,
    }
    answer = api_of("manager").post("/api/people/layers/", given)
    assert (answer.status_code, list(answer.json())) == (400, ["rule"])
    form = client_of("manager").post("/people/layers/add/", given | {"starts_at": "2026-11-23 08:00"})
    assert (form.status_code, list(form.context["form"].errors)) == (422, ["rule"])
    assert not Layer.objects.exists()


def calendar(*people):
    events = [
        f"BEGIN:VEVENT\r\nUID:{place}\r\nDTSTART:20261201T{place:02}0000Z\r\nDTEND:20261201T{place + 1:02}0000Z\r\n"
        f"SUMMARY:{name}\r\nEND:VEVENT\r\n"
        for place, name in enumerate(people)
    ]
    return f"BEGIN:VCALENDAR\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


def upload(client, rotation, content):
    file = SimpleUploadedFile("shifts.ics", content, "text/calendar")
    return client.post(f"/people/rotations/{rotation.pk}/calendar/", {"file": file})


def test_an_uploaded_calendar_takes_the_place_of_layers(written, client_of):
    manager = client_of("manager")
    assert upload(manager, written, calendar("BO@example.org", "zoe")).status_code == 302
    begins = datetime(2026, 12, 1, tzinfo=UTC)
    assert [row for row in shifts(written) if row[0] > NOW] == [
        (begins, begins + timedelta(hours=1), "bo"),
        (begins + timedelta(hours=1), begins + timedelta(hours=2), None),
    ]
    assert Shift.objects.get(unknown_name="zoe").person is None
    manager.post(f"/people/rotations/{written.pk}/drop-calendar/")
    assert (MONDAY + WEEK, MONDAY + 2 * WEEK, "bo") in shifts(written)


def test_whom_a_calendar_names_may_become_known(written, client_of):
    upload(client_of("manager"), written, calendar("zoe@example.org"))
    zoe = made.person(name="zoe", email="Zoe@example.org")
    rotations.write_claimed_shifts(now=NOW)
    assert Shift.objects.get(starts_at__gt=NOW).person == zoe


def test_a_broken_calendar_is_refused_with_its_line(written, client_of):
    before = shifts(written)
    answer = upload(client_of("manager"), written, calendar("bo").replace(b"DTSTART", b"STARTS"))
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"] == ["Line 2: The event that begins here has no DTSTART."]
    assert shifts(written) == before


def test_an_event_without_an_end_is_listed_and_is_no_shift(written, client_of):
    """Its title is for those who see names: it may be one."""
    content = calendar("bo@example.org", "zoe").replace(b"DTEND:20261201T020000Z\r\n", b"")
    upload(client_of("manager"), written, content)
    assert [row[2] for row in shifts(written) if row[0] > NOW] == ["bo"]
    assert not Shift.objects.filter(unknown_name="zoe").exists()
    words = "An event of the calendar takes no time"
    for role, title in (("manager", "“zoe”, "), ("viewer", "")):
        page = words_of(client_of(role).get(f"/people/rotations/{written.pk}/"))
        assert words in page
        assert f"{title}1 Dec 2026 01:00 UTC: the event at line 8 has no end, so it is no shift." in page
        assert ("zoe" in page) is bool(title)


class Feed:
    """A server of calendars on a socket of the loopback interface."""

    def __init__(self, body, status=200, headers=()):
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from threading import Thread

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.mark.parametrize(
    ("answer", "is_allowed", "error"),
    [
        ((calendar("bo@example.org"),), True, ""),
        ((calendar("bo@example.org"),), False, "is not among the hosts that MUSTER_CALENDAR_HOSTS allows."),
        ((b"<html>",), True, "Line 1: A calendar begins with BEGIN:VCALENDAR."),
        ((b"", 404), True, "The host answers 404."),
        ((b"", 302, [("Location", "http://localhost:1/x.ics")]), True, "leads to another host"),
    ],
    ids=["read", "host not allowed", "no calendar", "not there", "another host"],
)
def test_a_feed_is_read_from_allowed_hosts(answer, is_allowed, error, rotation, people, settings):
    with Feed(*answer) as feed:
        settings.CALENDAR_HOSTS = [feed.host] if is_allowed else ["calendar.example.org"]
        Rotation.objects.update(calendar_url=f"http://{feed.host}/shifts.ics")
        assert feeds.read_calendars(now=NOW) == (error == "")
    rotation.refresh_from_db()
    assert error in rotation.calendar_error
    assert (rotation.calendar_error == "") == (error == "")
    assert [row[2] for row in shifts(rotation)] == ([] if error else ["bo"])


def test_the_address_of_a_feed_is_for_those_who_may_change_it(rotation, client_of, api_of):
    secret = "https://calendar.example.org/private-7781/night.ics"
    Rotation.objects.update(calendar_url=secret)
    path = f"/api/people/rotations/{rotation.pk}/"
    assert api_of("manager").get(path).json()["calendar_url"] == secret
    assert api_of("viewer").get(path).json()["calendar_url"] is None
    assert api_of("viewer").get("/api/people/rotations/?ordering=calendar_url").status_code == 400
    files = (f"/people/rotations/?cols=name,calendar_url&export={form}" for form in ("csv", "json"))
    for page in (f"/people/rotations/{rotation.pk}/", "/history/", *files):
        assert "7781" not in client_of("viewer").get(page).getvalue().decode(), page


def test_no_password_stands_in_the_reason(rotation):
    Rotation.objects.update(calendar_url="https://night:hunter2@calendar.example.org/night.ics")
    feeds.read_calendars(now=NOW)
    error = Rotation.objects.get().calendar_error
    assert error == "calendar.example.org is not among the hosts that MUSTER_CALENDAR_HOSTS allows."


def test_a_feed_is_bounded_in_bytes(rotation, settings, monkeypatch):
    monkeypatch.setattr(feeds, "MOST_BYTES", 10)
    with Feed(calendar("bo")) as feed:
        settings.CALENDAR_HOSTS = [feed.host]
        Rotation.objects.update(calendar_url=f"http://{feed.host}/shifts.ics")
        feeds.read_calendars(now=NOW)
    assert "more than 10 bytes" in Rotation.objects.get().calendar_error


def test_signing_in_writes_no_shifts(written, people, user_of):
    user = user_of("ops")
    given = {"requested_user": user, "requested_by": user_of("manager"), "requested_at": NOW}
    type(people[0]).objects.filter(pk=people[0].pk).update(**given)
    linked = {"user": user, "user_confirmed_at": NOW} | dict.fromkeys(given)
    type(people[0]).objects.filter(pk=people[0].pk).update(**linked)
    rotations.write_claimed_shifts(now=NOW)
    type(user).objects.filter(pk=user.pk).update(last_login=NOW)
    assert rotations.write_claimed_shifts(now=NOW) == 0
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert rotations.write_claimed_shifts(now=NOW) == 1
