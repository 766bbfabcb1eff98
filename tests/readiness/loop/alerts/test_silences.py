"""Silences and maintenance windows: what they match, when they hold, and who hears of their start and end."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Region
from readiness.loop.alerts.core.life import SilencedSpan
from readiness.loop.alerts.models import Alert, AlertingState, EndedBy, MaintenanceWindow, Silence
from readiness.loop.alerts.raising.writing import write
from readiness.loop.alerts.silencing import operations
from readiness.loop.alerts.silencing.spans import spans_of
from readiness.loop.alerts.silencing.turns import take_turns
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.readiness.loop.alerts import made
from web.delivery.models import Channel, Message
from web.permissions import MissingPermission
from web.workflows.steps import NotInState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.fixture
def porto():
    return inventory.site(name="Porto", slug="porto", time_zone="Europe/Lisbon")


@pytest.fixture
def overloaded(porto):
    return made.open_alert(site=porto, domain="energy", object="PDU-7")


@pytest.fixture
def mail(ops):
    return channel(ops, "My mail")


def channel(owner, name, **values):
    values = {"kind": "mail", "address": "x@example.org", "verified_at": NOW, "created_at": NOW} | values
    return Channel.objects.create(owner=owner, name=name, **values)


def silence(by, **values):
    values = {"reason": "Rack is moved", "ends_at": NOW + 4 * HOUR} | values
    return operations.begin_silence(by=by, now=NOW, **values)


def window(by, **values):
    values = {"name": "Sunday works", "starts_at": NOW + HOUR, "duration_min": 120} | values
    return operations.announce_window(by=by, now=NOW, **values)


def spans(alert, *, now=NOW):
    alert.refresh_from_db()
    return spans_of([alert], now=now).get(alert.pk, ())


def test_a_silence_holds_what_agrees_with_all_it_names(ops, porto, overloaded):
    held = silence(ops, site=porto, domain="energy", object="pdu-*")
    silence(ops, site=porto, domain="network")
    assert spans(overloaded) == (SilencedSpan(NOW, NOW + 4 * HOUR, f"silence:{held.pk}"),)
    assert spans(overloaded, now=NOW + 4 * HOUR) == ()


def test_a_silence_of_a_region_holds_the_sites_of_regions_within(ops, porto, overloaded):
    europe = inventory.region(name="Europe")
    porto.region.parent = europe
    porto.region.save()
    silence(ops, region=europe)
    assert len(spans(overloaded)) == 1


def test_a_silence_of_an_alert_holds_it_when_it_comes_again_and_no_other(ops, porto, overloaded):
    held = silence(ops, alert=overloaded)
    assert held.site == porto
    Alert.objects.filter(pk=overloaded.pk).update(ended_at=NOW, ended_by="evidence", standing="over")
    again = made.open_alert(at=NOW + HOUR, site=porto)
    other = made.open_alert("problem:pdu-8", site=porto)
    assert (len(spans(again)), len(spans(other))) == (1, 0)


def test_whoever_silences_or_ends_a_silence_wakes_what_it_matches(ops, porto, overloaded):
    Alert.objects.update(next_at=None)
    held = silence(ops, site=porto)
    assert Alert.objects.get().next_at == NOW
    Alert.objects.update(next_at=None)
    operations.change_silence(held, site=None, domain="network", by=ops, now=NOW + HOUR)
    assert Alert.objects.get().next_at == NOW + HOUR, "it matched before"
    operations.change_silence(held, domain="energy", by=ops, now=NOW + HOUR)
    operations.end_silence(held, by=ops, now=NOW + 2 * HOUR)
    assert Alert.objects.get().next_at == NOW + 2 * HOUR
    assert spans(overloaded, now=NOW + 2 * HOUR) == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({}, "__all__", id="names nothing"),
        pytest.param({"domain": "energy", "reason": "  "}, "reason", id="no reason"),
        pytest.param({"domain": "energy", "ends_at": NOW}, "ends_at", id="over at once"),
        pytest.param({"domain": "energy", "ends_at": NOW + 32 * DAY}, "__all__", id="longer than a month"),
        pytest.param(
            {"domain": "energy", "starts_at": NOW + 400 * DAY}, "starts_at", id="in more than a year"
        ),
        pytest.param({"check_id": "p9-nothing"}, "check_id", id="no such check"),
    ],
)
def test_a_silence_is_refused_that_would_surprise(ops, values, field):
    with pytest.raises(ValidationError) as refused:
        silence(ops, **values)
    assert field in refused.value.message_dict


def test_only_those_with_the_permission_silence(viewer, planner, porto):
    for user in (viewer, planner):
        with pytest.raises(MissingPermission):
            silence(user, site=porto)


def test_what_is_over_is_not_changed(ops, porto):
    held = silence(ops, site=porto)
    with pytest.raises(NotInState):
        operations.end_silence(held, by=ops, now=NOW + 5 * HOUR)
    operations.end_silence(held, by=ops, now=NOW + HOUR)
    with pytest.raises(NotInState):
        operations.change_silence(held, ends_at=NOW + 9 * HOUR, by=ops, now=NOW + 2 * HOUR)


def test_a_window_takes_the_zone_of_its_site_and_comes_again(ops, porto, overloaded):
    first = datetime(2026, 11, 29, 3, tzinfo=UTC)
    held = window(
        ops, site=porto, starts_at=first, rule="FREQ=WEEKLY;BYDAY=SU", last_ends_at=first + 30 * WEEK
    )
    assert held.time_zone == "Europe/Lisbon"
    assert spans(overloaded) == (SilencedSpan(first, first + 2 * HOUR, f"window:{held.pk}"),)
    late = first + 3 * HOUR
    assert spans(overloaded, now=late)[0].starts_at == first + WEEK, "also before anybody moved it on"
    take_turns(now=late)
    held.refresh_from_db()
    assert held.occurrence_starts_at == first + WEEK


def test_a_window_over_the_change_of_the_clocks_keeps_its_time_of_day(ops, porto):
    held = window(
        ops,
        site=porto,
        starts_at=datetime(2026, 11, 29, 3, tzinfo=UTC),
        rule="FREQ=WEEKLY;BYDAY=SU",
        last_ends_at=datetime(2027, 5, 1, tzinfo=UTC),
    )
    take_turns(now=datetime(2027, 3, 22, tzinfo=UTC))
    held.refresh_from_db()
    assert held.occurrence_starts_at == datetime(2027, 3, 28, 2, tzinfo=UTC)


def test_an_occurrence_that_ends_early_leaves_the_next(ops, porto, overloaded):
    held = window(ops, site=porto, starts_at=NOW + HOUR, rule="FREQ=DAILY", last_ends_at=NOW + 9 * DAY)
    at = NOW + 90 * timedelta(minutes=1)
    operations.end_occurrence(held, by=ops, now=at)
    assert spans(overloaded, now=at)[0].starts_at == NOW + DAY + HOUR
    take_turns(now=at)
    assert spans(overloaded, now=at)[0].starts_at == NOW + DAY + HOUR


def test_a_window_that_ended_for_good_never_comes_again(ops, porto, overloaded):
    held = window(ops, site=porto, starts_at=NOW + HOUR, rule="FREQ=DAILY", last_ends_at=NOW + 9 * DAY)
    operations.end_window(held, by=ops, now=NOW + 2 * HOUR)
    assert spans(overloaded, now=NOW + 2 * HOUR) == ()
    take_turns(now=NOW + 2 * HOUR)
    assert spans(overloaded, now=NOW + 2 * DAY) == ()
    with pytest.raises(NotInState):
        operations.change_window(held, name="Again", by=ops, now=NOW + 3 * HOUR)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"rule": "FREQ=DAILY"}, "last_ends_at", id="repeats without an end"),
        pytest.param({"rule": "FREQ=DAILY", "last_ends_at": NOW + 900 * DAY}, "__all__", id="for years"),
        pytest.param({"duration_min": 30_000}, "duration_min", id="longer than two weeks"),
        pytest.param({"duration_min": 0}, "__all__", id="no time"),
        pytest.param({"starts_at": NOW - DAY}, "starts_at", id="over already"),
        pytest.param({"time_zone": "Porto"}, "time_zone", id="no such zone"),
        pytest.param({"rule": "FREQ=HOURLY", "last_ends_at": NOW + DAY}, "rule", id="overlaps itself"),
    ],
)
def test_a_window_is_refused_that_would_surprise(ops, porto, values, field):
    with pytest.raises(ValidationError) as refused:
        window(ops, site=porto, **values)
    assert field in refused.value.message_dict


def test_its_authors_channel_hears_of_start_and_end_once(ops, porto, overloaded, mail):
    channel(ops, "Not verified", verified_at=None)
    silence(ops, site=porto)
    assert take_turns(now=NOW) == 1
    assert take_turns(now=NOW) == 0
    began = Message.objects.get()
    assert (began.channel, began.event) == (mail, "silence.began")
    assert "Rack is moved" in began.subject
    assert "It matches 1 alert now" in began.text
    assert take_turns(now=NOW + 4 * HOUR) == 1
    ended = Message.objects.exclude(pk=began.pk).get()
    assert ended.event == "silence.ended"
    assert "1 alert that it held back still fires:\n- PDU-7 is overloaded, Porto" in ended.text
    assert take_turns(now=NOW + 5 * HOUR) == 0


def test_a_shared_channel_hears_instead_within_its_scope(ops, manager, porto, overloaded, mail):
    faro = inventory.site(name="Faro", slug="faro")
    made.open_alert("problem:faro", site=faro, domain="energy")
    room = channel(manager, "Room", is_shared=True, scope_kind="site", scope_slug="porto")
    silence(ops, domain="energy", channel=room)
    silence(ops, site=faro, channel=room)
    take_turns(now=NOW)
    message = Message.objects.get()
    assert message.channel == room
    assert message.payload["silence"]["alerts"] == 1, "not those of other sites"


def test_a_shared_channel_of_a_region_hears_of_places_within_it(ops, manager, porto):
    europe = Region.objects.create(name="Europe", slug="europe")
    Region.objects.filter(pk=porto.region_id).update(parent=europe)
    room = channel(manager, "Room", is_shared=True, scope_kind="region", scope_slug="europe")
    silence(ops, site=porto, channel=room)
    silence(ops, region=porto.region, channel=room)
    silence(ops, region=Region.objects.create(name="Asia", slug="asia"), channel=room)
    take_turns(now=NOW)
    assert Message.objects.filter(channel=room).count() == 2


def test_a_changed_silence_is_told_again(ops, porto, mail):
    held = silence(ops, site=porto)
    take_turns(now=NOW)
    operations.change_silence(held, ends_at=NOW + 9 * HOUR, by=ops, now=NOW + HOUR)
    take_turns(now=NOW + HOUR)
    assert [message.event for message in Message.objects.order_by("pk")] == ["silence.began"] * 2
    operations.change_silence(held, reason="Another node", by=ops, now=NOW + 2 * HOUR)
    take_turns(now=NOW + 2 * HOUR)
    assert [message.event for message in Message.objects.order_by("pk")] == ["silence.began"] * 3


def test_the_end_of_a_silence_that_was_just_changed_is_told(ops, porto, mail):
    held = silence(ops, site=porto)
    take_turns(now=NOW)
    operations.change_silence(held, ends_at=NOW + 9 * HOUR, by=ops, now=NOW + HOUR)
    operations.end_silence(held, by=ops, now=NOW + HOUR)
    take_turns(now=NOW + HOUR)
    assert [message.event for message in Message.objects.order_by("pk")] == ["silence.began", "silence.ended"]


def test_a_window_that_is_moved_away_while_it_is_under_way_is_told_as_ended(ops, porto, mail):
    held = window(ops, site=porto)
    take_turns(now=NOW + HOUR)
    at = NOW + HOUR + timedelta(minutes=5)
    operations.change_window(held, starts_at=NOW + 9 * HOUR, by=ops, now=at)
    take_turns(now=at)
    ended = Message.objects.get(event="window.ended")
    assert ended.payload["window"]["ends_at"] == at.isoformat()
    take_turns(now=NOW + 9 * HOUR)
    events = [message.event for message in Message.objects.order_by("pk")]
    assert events == ["window.began", "window.ended", "window.began"]


def test_a_window_that_is_lengthened_is_told_again_and_ends_once(ops, porto, mail):
    held = window(ops, site=porto)
    take_turns(now=NOW + HOUR)
    operations.change_window(held, duration_min=180, by=ops, now=NOW + 2 * HOUR)
    for hours in (2, 3, 4, 5):
        take_turns(now=NOW + hours * HOUR)
    events = [message.event for message in Message.objects.order_by("pk")]
    assert events == ["window.began", "window.began", "window.ended"]


def test_the_last_resort_hears_where_the_author_has_no_channel(ops, manager, porto, overloaded):
    room = channel(manager, "Room", is_shared=True)
    AlertingState.objects.create(last_resort=room)
    silence(ops, site=porto)
    take_turns(now=NOW)
    assert [message.channel for message in Message.objects.all()] == [room]


def test_each_occurrence_is_told(ops, porto, mail):
    window(ops, site=porto, rule="FREQ=DAILY", last_ends_at=NOW + 9 * DAY)
    for hours in (1, 2, 3, 4, 25, 26, 27):
        take_turns(now=NOW + hours * HOUR)
    events = [message.event for message in Message.objects.order_by("pk")]
    assert events == ["window.began", "window.ended", "window.began", "window.ended"]


def test_spans_take_the_same_statements_for_any_number(ops, porto):
    def statements(number):
        alerts = [made.open_alert(f"problem:{place}", site=porto) for place in range(number)]
        for place in range(number):
            silence(ops, site=porto, object=f"pdu-{place}")
            window(ops, site=porto, object=f"pdu-{place}")
        with CaptureQueriesContext(
            connection,
        ) as made_statements:
            spans_of(alerts, now=NOW)
        return len(made_statements)

    assert statements(1) == statements(20) == 4


def test_every_silence_and_window_has_an_end_in_the_database(ops, porto):
    assert not Silence._meta.get_field("ends_at").null
    assert not MaintenanceWindow._meta.get_field("last_ends_at").null


def test_what_still_fires_at_the_end_escalates_at_that_instant(ops, porto, overloaded):
    made.look()
    silence(ops, site=porto)
    made.look()
    overloaded.refresh_from_db()
    assert (overloaded.standing, overloaded.next_at) == ("silenced", NOW + 4 * HOUR)
    made.look(NOW + 4 * HOUR)
    overloaded.refresh_from_db()
    assert (overloaded.standing, overloaded.escalating_since) == ("escalating", NOW + 4 * HOUR)
    assert made.events_of(overloaded)[-1] == "silence-ended"


def test_an_alert_that_is_raised_within_a_window_is_silenced_and_its_end_is_told(ops, porto):
    window(ops, site=porto, starts_at=NOW)
    made.look()
    alert = made.open_alert(site=porto, at=NOW + HOUR)
    made.look(NOW + HOUR)
    alert.refresh_from_db()
    assert alert.standing == "silenced"
    write([], endings={alert.key: EndedBy.EVIDENCE}, now=NOW + HOUR)
    made.look(NOW + HOUR)
    assert made.events_of(alert)[-1] == "ended"


def test_a_window_that_begins_silences_what_fires_already(ops, porto, overloaded):
    window(ops, site=porto)
    made.look()
    overloaded.refresh_from_db()
    assert overloaded.standing == "escalating"
    made.look(NOW + HOUR)
    overloaded.refresh_from_db()
    assert overloaded.standing == "silenced"
