"""On time, late, silent, paused, waiting: and every change is a flip at its own time."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from inventory.models import SiteChange
from telemetry import operations, sources
from telemetry.models import Source, SourceFlip, SourceStatus
from tests.inventory import made
from tests.telemetry.sending import body_of, post

pytestmark = pytest.mark.django_db


def flips():
    found = SourceFlip.objects.order_by("at", "pk")
    return [(flip.from_state, flip.to_state, flip.at) for flip in found]


def update(sender, **later):
    return sources.update_states(now=sender.clock.move(**later) if later else sender.clock.at)


def test_a_source_waits_until_its_first_sample(sender):
    update(sender, hours=5)
    assert flips() == []
    sender.deliver(("up", 1.0, 0))
    assert update(sender) == 1
    assert flips() == [("waiting", "on-time", sender.clock.at)]


def test_late_past_cadence_and_grace_and_silent_past_three_times_that(sender):
    sender.deliver(("up", 1.0, 0))
    start = sender.clock.at
    update(sender)
    assert update(sender, seconds=120) == 0
    assert update(sender, seconds=1) == 1
    assert update(sender, seconds=239) == 0
    assert update(sender, seconds=1) == 1
    assert flips()[1:] == [
        ("on-time", "late", start + timedelta(seconds=120)),
        ("late", "silent", start + timedelta(seconds=360)),
    ]


def test_it_heals_when_samples_come_again(sender):
    sender.deliver(("up", 1.0, 0))
    update(sender)
    update(sender, minutes=10)
    sender.deliver(("up", 1.0, 0))
    update(sender, seconds=2)
    assert [(before, after) for before, after, _ in flips()] == [
        ("waiting", "on-time"),
        ("on-time", "silent"),
        ("silent", "on-time"),
    ]
    assert flips()[-1][2] == sender.at(-2)


def test_old_samples_that_come_late_make_no_source_current(sender):
    sender.deliver(("up", 1.0, -3600))
    update(sender)
    assert SourceStatus.objects.get().state == "silent"


def test_a_clock_ahead_of_ours_hides_no_silence(sender):
    sender.deliver(("up", 1.0, 590))
    update(sender, seconds=400)
    assert SourceStatus.objects.get().state == "silent"


def test_a_paused_source_is_neither_late_nor_silent(sender):
    sender.deliver(("up", 1.0, 0))
    operations.pause_source(sender.source, by=None, now=sender.clock.at)
    update(sender, days=1)
    assert SourceStatus.objects.get().state == "paused"
    operations.resume_source(sender.source, by=None, now=sender.clock.at)
    assert SourceStatus.objects.get().state == "silent"


def test_the_sites_of_a_source_are_claimed_when_its_state_changes(sender, sender_of, porto):
    lisbon = made.site(slug="lisbon")
    many = sender_of(site_label="site")
    labels = {"__name__": "up", "site": "lisbon"}
    many.deliver((labels, 1.0, 0))
    sender.deliver(("up", 1.0, 0))
    SiteChange.objects.all().delete()
    update(sender)
    claims = sorted(SiteChange.objects.values_list("site", "origin"))
    assert claims == sorted([(porto.pk, "source"), (lisbon.pk, "source")])
    SiteChange.objects.all().delete()
    update(sender, seconds=1)
    assert not SiteChange.objects.exists()


def test_a_source_made_by_other_means_gets_a_status(porto, frozen_now):
    Source.objects.create(name="bare", site=porto)
    sources.update_states(now=frozen_now.at)
    assert SourceStatus.objects.get().state == "waiting"


def test_the_command_prints_a_token_that_works(porto, frozen_now, capsys):
    call_command("create_source", site="porto", name="from the shell", cadence=15, grace=10)
    token = capsys.readouterr().out.split()[-1]
    source = Source.objects.get(name="from the shell")
    assert (source.site, source.cadence_s, source.grace_s) == (porto, 15, 10)
    headers = {"content-type": "application/x-protobuf", "authorization": f"Bearer {token}"}
    response = post(body_of(("up", 1.0, frozen_now.at)), headers)
    assert response.status_code == 204


@pytest.mark.parametrize(
    "arguments", [{"site": "nowhere", "name": "x"}, {"site": "porto", "name": ""}, {"name": "x"}], ids=str
)
def test_the_command_says_what_is_wrong(porto, arguments):
    with pytest.raises(CommandError):
        call_command("create_source", **arguments)


def test_deleting_a_source_closes_its_door(sender, porto):
    sender.deliver(("up", 1.0, 0))
    operations.delete_source(sender.source, by=None, now=sender.clock.at)
    sender.clock.move(seconds=10)
    assert sender.post(body_of(("up", 1.0, sender.clock.at))).status_code == 401
