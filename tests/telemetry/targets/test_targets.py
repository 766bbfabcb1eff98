"""Scrape targets: what agents are to scrape, and what `up` says of each."""

from datetime import timedelta

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from telemetry import operations
from telemetry.models import ScrapeTarget, TargetState
from telemetry.targets.operations import judge_targets
from telemetry.targets.queries import full_sites
from telemetry.targets.sentences import standing_detail
from tests.inventory import made
from tests.pages import words_of
from tests.telemetry.sending import STALE
from web.units import instant

pytestmark = pytest.mark.django_db
AGENT = "/api/telemetry/agent-targets/"


def target(site, address="gpu-01:9100", **fields):
    row = ScrapeTarget(site=site, address=address, **{"job": "node"} | fields)
    row.full_clean()
    row.save()
    return row


def get_list(token=None):
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return Client().get(AGENT, headers=headers)


def test_an_agent_gets_the_targets_of_its_site(porto, source_of):
    target(
        porto, "gpu-02:9400", job="dcgm", interval_s=30, labels="rack=R1, row=2", scheme="https", path="/m"
    )
    target(porto, listing="off")
    target(porto, "gpu-03:9100", listing="elsewhere")
    target(made.site(), "elsewhere:9100")
    answer = get_list(source_of(porto).plain_token)
    assert (answer.status_code, answer.json()) == (
        200,
        [
            {
                "targets": ["gpu-02:9400"],
                "labels": {
                    "rack": "R1",
                    "row": "2",
                    "job": "dcgm",
                    "__scheme__": "https",
                    "__metrics_path__": "/m",
                    "__scrape_interval__": "30s",
                },
            }
        ],
    )


def test_who_is_no_source_of_a_site_gets_nothing(porto, source_of, frozen_now, api_of):
    target(porto)
    source = source_of(porto)
    operations.rotate_token(source, by=None, now=frozen_now.at)
    several = source_of(None, site_label="site")
    answers = {
        "nobody": get_list(),
        "an old token": get_list(source.plain_token),
        "a source of several sites": get_list(several.plain_token),
        "a user": api_of("admin").get(AGENT),
    }
    assert {who: answer.status_code for who, answer in answers.items()} == {
        "nobody": 401,
        "an old token": 401,
        "a source of several sites": 403,
        "a user": 403,
    }
    assert all("gpu-01" not in answer.getvalue().decode() for answer in answers.values())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"address": "http://gpu-01:9100/metrics"}, "address"),
        ({"address": "gpu 01"}, "address"),
        ({"address": "gpu-01:70000"}, "address"),
        ({"address": "10.0.0.300:9100"}, "address"),
        ({"address": "[fd00::zz]:9100"}, "address"),
        ({"path": "metrics"}, "path"),
        ({"interval_s": 0}, "interval_s"),
        ({"labels": "rack"}, "labels"),
        ({"labels": "a=1,a=2"}, "labels"),
        ({"labels": "__scheme__=file"}, "labels"),
        ({"labels": "instance=x"}, "labels"),
        ({"labels": ",".join(f"a{number}=b" for number in range(31))}, "labels"),
        ({"scheme": "file"}, "scheme"),
        ({"listing": "both"}, "listing"),
    ],
)
def test_a_bad_field_is_named(porto, fields, named):
    with pytest.raises(ValidationError) as raised:
        target(porto, **fields)
    assert named in raised.value.message_dict


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "a/b"},
        {"job": ""},
        {"address": "a:65536"},
        {"path": "m"},
        {"labels": "x"},
        {"interval_s": 0},
        {"scheme": "file"},
        {"address": "gpu-01:9100"},
    ],
)
def test_the_database_keeps_no_bad_target(porto, fields):
    target(porto)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScrapeTarget.objects.create(**{"site": porto, "job": "node", "address": "b:1"} | fields)


def up(address, value, seconds_ago, **labels):
    return {"__name__": "up", "job": "node", "instance": address} | labels, value, -seconds_ago


def standings(site):
    rows = ScrapeTarget.objects.filter(site=site).select_related("state").order_by("address")
    return {
        row.address: (str(row.present_standing), row.standing_since, standing_detail(row)) for row in rows
    }


@pytest.fixture
def judged(porto, sender):
    """Targets of all standings; those of `found` stand on no list of Muster."""
    for number in range(1, 5):
        target(porto, f"gpu-0{number}:9100", listing="off" if number > 2 else "agents")
    target(made.site(name="Faro", slug="faro"), "gpu-01:9100")
    sender.deliver(
        # The clock of the first one's site is ahead.
        *(up("gpu-01:9100", 0.0, 40), up("gpu-01:9100", 1.0, -30)),
        *(up("gpu-03:9100", 1.0, 40), up("found-a", 1.0, 70), up("found-a", 0.0, 40), up("found-a", 0.0, 10)),
        *(up("found-b", 1.0, 40), up("found-b", 0.0, 10, replica="b")),
        *(up("found-c", 1.0, 40), up("found-c", STALE, 10), up("x" * 401, 1.0, 10)),
        # An old sample makes no target.
        up("found-d", 1.0, 4000),
    )
    assert judge_targets(now=sender.clock.at) == 4
    return sender


def test_a_target_is_told_by_its_up_whether_anybody_listed_it_or_not(judged, porto):
    now = judged.clock.at
    before = {seconds: now - timedelta(seconds=seconds) for seconds in (-30, 10, 40)}
    assert standings(porto) == {
        "found-a": ("down", before[40], ""),
        "found-b": ("down", before[10], "Its series contradict each other: 1 up, 1 down."),
        "gpu-01:9100": ("up", before[-30], ""),
        "gpu-02:9100": ("absent", None, "No up of it was heard yet."),
        "gpu-03:9100": ("up", before[40], "It is off in Muster, yet somebody scrapes it."),
        "gpu-04:9100": ("off", None, ""),
    }
    assert judge_targets(now=now) == 0
    faro = ScrapeTarget.objects.get(site__slug="faro")
    assert faro.state_if_heard is None


def test_what_was_down_stays_bad_news_until_it_is_up(judged, porto):
    down_at = judged.clock.at - timedelta(seconds=40)
    heard_at = judged.clock.at - timedelta(seconds=10)
    judge_targets(now=judged.clock.move(minutes=9))
    standing, since, detail = standings(porto)["found-a"]
    assert (standing, since) == ("absent", heard_at)
    assert detail == f"No up comes any more. Before, it was down since {instant(down_at)}."
    judged.deliver(up("found-a", 0.0, 0))
    judge_targets(now=judged.clock.at)
    assert TargetState.objects.get(target__address="found-a").down_since == down_at
    judged.clock.move(seconds=60)
    judged.deliver(up("found-a", 1.0, 0))
    judge_targets(now=judged.clock.at)
    assert standings(porto)["found-a"] == ("up", judged.clock.at, "")
    judged.deliver(up("found-a", STALE, -1))
    judge_targets(now=judged.clock.move(seconds=5))
    assert standings(porto)["found-a"][::2] == ("absent", "Its sender ended it.")


@pytest.mark.parametrize("interval_minutes", [5, 25])
def test_a_target_that_is_scraped_seldom_does_not_flap(porto, sender, interval_minutes):
    """A Prometheus scrapes it so seldom; Muster does not know its interval beforehand."""
    seen_standings = []
    for minute in range(6 * interval_minutes):
        sender.clock.move(minutes=1)
        if minute % interval_minutes == 0:
            sender.deliver(up("found-a", 1.0, 0))
        judge_targets(now=sender.clock.at)
        seen_standings.append(standings(porto)["found-a"][0])
    # After its second sample the interval is known.
    assert set(seen_standings[interval_minutes:]) == {"up"}
    last_at = sender.clock.at - timedelta(minutes=interval_minutes - 1)
    for _minute in range(3 * interval_minutes):
        sender.clock.move(minutes=1)
        judge_targets(now=sender.clock.at)
    assert standings(porto)["found-a"][:2] == ("absent", last_at)


def test_an_interval_is_stored_only_when_it_changes(porto, sender):
    for seconds in (15, 15, 14, 16):
        sender.clock.move(seconds=seconds)
        sender.deliver(up("found-a", 1.0, 0))
    assert [judge_targets(now=sender.clock.at) for _ in range(2)] == [1, 0]
    assert TargetState.objects.get().interval_s == 14


def test_no_two_rounds_run_at_once(porto, sender):
    sender.deliver(up("found-a", 1.0, 0))
    lock = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.telemetry_targetstate'))"
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"], user=database["USER"], dbname=database["NAME"], password=database["PASSWORD"]
    ) as other_round:
        other_round.execute(lock)
        assert judge_targets(now=sender.clock.at) == 0
        other_round.rollback()
    assert judge_targets(now=sender.clock.at) == 1


def test_samples_that_wait_make_no_target_absent(judged, porto):
    judged.clock.move(minutes=8)
    judged.send(up("found-a", 0.0, 0))
    judge_targets(now=judged.clock.move(minutes=1))
    assert standings(porto)["found-a"][0] == "down"


def test_a_sender_makes_up_no_more_targets_than_a_site_may_have(porto, sender):
    sender.deliver(*(up(f"host-{number}", 1.0, 1) for number in range(5)))
    judge_targets(now=sender.clock.at, most_of_site=3)
    judge_targets(now=sender.clock.at, most_of_site=3)
    assert sorted(standings(porto)) == ["host-0", "host-1", "host-2"]
    assert (full_sites(most=3), full_sites(most=4)) == (["Porto"], [])


def test_page_and_endpoint_list_what_needs_somebody(judged, client_of, api_of, django_assert_max_num_queries):
    client, api = client_of("ops"), api_of("ops")
    client.get("/telemetry/scrape-targets/")
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/telemetry/scrape-targets/?site=porto")
        statements = len(queries)
    assert statements <= 20
    assert all(word in words_of(page) for word in ("Up", "Down", "Absent", "Off", "Elsewhere"))
    for standing, addresses in (
        ("absent", ["gpu-02:9100"]),
        ("down", ["found-a", "found-b"]),
        ("off", ["gpu-04:9100"]),
        ("up", ["gpu-01:9100", "gpu-03:9100"]),
    ):
        rows = api.get(f"/api/telemetry/scrape-targets/?site=porto&standing={standing}").json()["results"]
        assert sorted(row["address"] for row in rows) == addresses
        assert {row["standing"] for row in rows} == {standing}
    down = ScrapeTarget.objects.get(address="found-b")
    assert "Its series contradict each other" in words_of(client.get(f"/telemetry/scrape-targets/{down.pk}/"))
    judged.deliver(*(up(f"more-{number}", 1.0, 1) for number in range(20)))
    judge_targets(now=judged.clock.at)
    with django_assert_max_num_queries(statements):
        client.get("/telemetry/scrape-targets/?site=porto")
