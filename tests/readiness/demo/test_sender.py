"""The demo's sender against a real Muster over HTTP: what arrives, and what happens when nobody answers."""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import Token
from readiness.demo import sender as sending
from readiness.demo import sending as process
from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.stories import Stories
from readiness.demo.operations.fleet import write_inventory
from readiness.demo.operations.history import new_tokens
from telemetry import drain
from telemetry.models import InboxBatch, Series, Source, SourceStatus
from tests.telemetry.sending import empty_store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.full]
NOWHERE = "http://127.0.0.1:9"
PLAN = fleet_plan(names={"ZRH-1", "QRO-1"})


@pytest.fixture
def fleet(frozen_now):
    yield write_inventory(PLAN, scale=1, now=frozen_now.at)
    # Django's own clean-up does not know the tables that only SQL touches.
    empty_store()


@pytest.fixture
def sender(fleet, frozen_now, served_port):
    """Sends to the server that runs; `sender.turn(frozen_now.at.timestamp())` is one look at what is due."""
    stories = Stories(fleet.loaded_at.timestamp())
    start_s = frozen_now.at.timestamp()
    made = sending.Sender(
        PLAN,
        stories,
        sending.Post(f"http://127.0.0.1:{served_port}"),
        new_tokens(fleet, now=frozen_now.at),
        sending.channels(PLAN, stories, start_s=start_s),
    )
    yield made
    made.post.close()


def first_round(sender, frozen_now):
    frozen_now.move(seconds=5)
    return sender.turn(frozen_now.at.timestamp())


def test_every_series_of_the_first_round_arrives_and_finds_its_object(sender, frozen_now):
    first_round(sender, frozen_now)
    drain.drain(now=frozen_now.at)
    zurich = Series.objects.filter(site__slug="zrh-1")
    assert zurich.count() == 80
    assert not Series.objects.unmatched().exists()
    # The meter's minute counts 60 samples.
    assert sender.counts == sending.SampleCounts(sent=79 + 60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(samples) FROM telemetry_samplebatch")
        assert cursor.fetchone() == (79 + 60,)


def test_a_source_that_serves_several_sites_finds_the_site_by_its_label(sender, frozen_now):
    first_round(sender, frozen_now)
    drain.drain(now=frozen_now.at)
    shared = Source.objects.get(name="Edge Prometheus")
    assert shared.site is None
    assert set(shared.series.values_list("site__slug", flat=True)) == {"zrh-1"}


def test_the_silent_site_sends_nothing(sender, frozen_now):
    first_round(sender, frozen_now)
    assert not InboxBatch.objects.filter(source__name__startswith="QRO-1").exists()
    drain.drain(now=frozen_now.at)
    silent = SourceStatus.objects.filter(source__name__startswith="QRO-1")
    assert set(silent.values_list("last_received_at", flat=True)) == {None}


def test_each_stream_is_sent_once_a_minute_at_a_turn_of_its_own(sender, frozen_now):
    first_round(sender, frozen_now)
    sent_first = sender.counts.sent
    back_s = sender.turn(frozen_now.at.timestamp())
    assert sender.counts.sent == sent_first
    now_s = frozen_now.at.timestamp()
    assert now_s < back_s <= now_s + 60
    turns = {channel.offset_s for channel in sender.channels}
    assert len(turns) == 2
    frozen_now.move(seconds=60)
    sender.turn(frozen_now.at.timestamp())
    assert sender.counts.sent == 2 * sent_first


def test_turns_that_were_slept_through_are_left_out(sender, frozen_now):
    first_round(sender, frozen_now)
    sent_first = sender.counts.sent
    frozen_now.move(hours=3)
    sender.turn(frozen_now.at.timestamp())
    assert sender.counts.sent == 2 * sent_first


def test_what_nobody_took_is_sent_when_muster_is_back(sender, frozen_now, served_port):
    sender.post = sending.Post(NOWHERE)
    first_round(sender, frozen_now)
    assert (len(sender.waiting), sender.counts.sent) == (2, 0)
    sender.post = sending.Post(f"http://127.0.0.1:{served_port}")
    frozen_now.move(seconds=2)
    sender.turn(frozen_now.at.timestamp())
    assert (len(sender.waiting), sender.counts) == (0, sending.SampleCounts(sent=79 + 60))


def test_pauses_grow_while_nobody_answers(sender, frozen_now):
    sender.post = sending.Post(NOWHERE)
    pauses = []
    for _ in range(8):
        now_s = frozen_now.move(seconds=31).timestamp()
        sender.turn(now_s)
        pauses.append(sender._again_s - now_s)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_what_waits_is_bounded_and_what_is_lost_is_counted(sender, frozen_now):
    sender.post = sending.Post(NOWHERE)
    for _ in range(sending.KEPT_BODIES):
        sender.turn(frozen_now.move(minutes=1).timestamp())
    assert len(sender.waiting) == sending.KEPT_BODIES
    assert sender.counts.lost == (79 + 60) * sending.KEPT_BODIES / 2


def test_a_connection_that_the_server_closed_is_opened_again(sender, frozen_now):
    first_round(sender, frozen_now)
    sender.post._connection.sock.close()
    frozen_now.move(seconds=60)
    sender.turn(frozen_now.at.timestamp())
    assert sender.counts.sent == 2 * (79 + 60)


def test_a_token_that_is_not_known_ends_the_sending(sender, frozen_now):
    sender.tokens = dict.fromkeys(sender.tokens, "muster_unknown_token")
    with pytest.raises(sending.TokensRefused):
        first_round(sender, frozen_now)


def test_new_tokens_leave_no_old_ones_behind(fleet, frozen_now):
    before = Token.objects.count()
    new_tokens(fleet, now=frozen_now.at)
    assert Token.objects.count() == before == Source.objects.count()


def test_a_refused_body_is_counted_and_not_sent_again(sender, frozen_now):
    Source.objects.update(paused=True)
    first_round(sender, frozen_now)
    assert (len(sender.waiting), sender.counts) == (0, sending.SampleCounts(refused=79 + 60))


@pytest.fixture
def tokens_file(tmp_path, monkeypatch):
    """Where a sender of this test's database keeps its tokens."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database = f"/{settings.DATABASES['default']['NAME']}"
    monkeypatch.setenv("DATABASE_URL", urlunsplit(url._replace(path=database)))
    monkeypatch.setenv("MUSTER_DATA_DIR", str(tmp_path))
    return tmp_path / "demo-tokens.json"


def test_tokens_are_kept_for_their_owner_alone_and_new_ones_end_those_before(fleet, tokens_file):
    first = process.ask(tokens_file)
    assert process.read_order(tokens_file) == first
    assert tokens_file.stat().st_mode & 0o077 == 0
    assert first.tokens.keys() == set(Source.objects.values_list("name", flat=True))
    second = process.ask(tokens_file)
    assert not set(first.tokens.values()) & set(second.tokens.values())


def test_the_process_ends_at_once_when_there_is_no_demo(db, tokens_file):
    tokens_file.write_text("{}")
    command = [sys.executable, "-m", "readiness.demo.sending", "--url", NOWHERE]
    assert subprocess.run(command, cwd=process.ROOT, timeout=120, check=False).returncode == 0
    assert not tokens_file.exists()
