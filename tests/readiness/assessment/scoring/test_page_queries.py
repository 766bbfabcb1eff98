"""What pages read of stored verdicts: figures of the fleet, rows of the table, one site, one check."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import CapacityEvent, Site
from readiness.assessment.scoring.models import SiteScore
from readiness.assessment.scoring.queries import capacity
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.boards.checks import queries as checks
from readiness.boards.fleet import queries as fleet
from readiness.boards.site import queries as site_queries
from readiness.boards.sites import queries as sites_queries
from telemetry.models import Series, Source, SourceStatus
from tests.entries import entries_of
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from web.cached.stamps import stamps_of

pytestmark = pytest.mark.django_db


def source(there, state="on-time", **given):
    made_source = Source.objects.create(**{"name": f"{there} collector", "site": there} | given)
    SourceStatus.objects.create(
        source=made_source, state=state, state_since=NOW - DAY, last_sample_at=NOW - timedelta(minutes=1)
    )
    return made_source


@pytest.fixture
def dallas():
    there = stored.site(name="Dallas", city="Dallas", owner="Platform", first_blocker="p2-power-headroom")
    stored.result(
        there,
        "p2-power-headroom",
        "fail",
        value=940.0,
        unit="kW",
        threshold=850.0,
        threshold_text="≤ 850 kW",
        margin=-90.0,
        reason="Peak site load: 940 kW is above the limit of 850 kW.",
        taken_at=NOW - timedelta(minutes=2),
        first_bad_at=NOW - 2 * DAY,
        evidence={"kind": "TQ", "provenance": "measured"},
        parts=[
            {
                "part": "site-load",
                "gate": "BLOCK",
                "state": "fail",
                "value": 940.0,
                "unit": "kW",
                "taken_at": (NOW - timedelta(minutes=2)).isoformat(),
                "provenance": "measured",
            },
            {"part": "step-1s", "gate": "BLOCK", "state": "unknown"},
        ],
    )
    stored.result(there, "p5-fabric-health", "stale", gate="COND")
    stored.result(there, "p3-role-coverage", "unknown")
    overload = {
        "health": "critical",
        "object_kind": "device",
        "object_id": 1,
        "object": "pdu-1",
        "metric": "rPDU2DeviceStatusLoadState",
        "title": "PDU load state",
        "value": 4.0,
    }
    stored.health(there, "energy", "critical", reasons=[overload])
    stored.health(there, "compute", "ok", objects_by_health={"ok": 12})
    source(there)
    return there


def test_fleet_counts_sites_by_verdict_and_sources_by_state(dallas):
    quiet = stored.site("conditional", owner="")
    source(quiet, "silent")
    made.site(stage=Site.Stage.BUILDING, owner="Build team")
    told = fleet.fleet(fleet_standing(now=NOW))
    assert told.verdicts == {"not-ready": 1, "conditional": 1, "none": 1}
    assert told.sources == {"on-time": 1, "silent": 1}
    assert (told.sites, told.monitored, told.sites_reporting) == (3, 2, 1)
    assert [ref.name for ref in told.without_owner] == [quiet.name]
    assert told.newest_sample_at == NOW - timedelta(minutes=1)
    assert told.weeks[-1].deployed.it_kw == told.now.deployed.it_kw == 2000


class TestTheWeeksBefore:
    """They are kept for a while, and not a moment longer than they are true."""

    def told(self, **later):
        found = fleet.fleet(fleet_standing(now=NOW + timedelta(**later)))
        return [gap.deployed.it_kw for gap in (found.weeks[-5], found.now)], tuple(
            gap.ready.it_kw for gap in found.weeks[-2:]
        )

    def test_they_cost_no_statement_twice(self, dallas):
        with CaptureQueriesContext(connection) as first:
            self.told()
        with CaptureQueriesContext(connection) as second:
            self.told()
        assert len(first) - len(second) == 6

    def test_a_corrected_date_is_seen_at_once(self, dallas):
        assert self.told()[0] == [1000, 1000]
        event = dallas.capacity_events.get()
        event.happened_on = (NOW - 3 * DAY).date()
        event.save()
        assert self.told(minutes=1)[0] == [0, 1000]

    def test_another_site_is_seen_at_once(self, dallas):
        self.told()
        stored.site("ready", kw=500, commissioned=NOW - 100 * DAY)
        assert self.told(minutes=1) == ([1500, 1500], (500, 500))

    def test_a_verdict_that_moved_is_seen_at_once(self, dallas):
        assert self.told()[1] == (0, 0)
        stored.flip(dallas, "verdict", "", "ready", at=NOW, from_state="not-ready")
        SiteScore.objects.update(verdict="ready", verdict_since=NOW)
        assert self.told(minutes=1)[1] == (0, 1000)

    def test_a_date_corrected_after_the_sites_were_read_is_not_hidden_for_later(self, dallas):
        known = fleet_standing(now=NOW)
        event = dallas.capacity_events.get()
        event.happened_on = (NOW - 3 * DAY).date()
        event.save()
        fleet.fleet(known)
        assert self.told(minutes=1)[0] == [0, 1000]

    def test_a_change_that_is_committed_after_a_later_one_is_seen(self, dallas):
        """Its id is the lower one, so that the highest says nothing."""
        events = dallas.capacity_events.get()
        events.save()
        first = entries_of(CapacityEvent).first()
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('audit_entry_id')")
            (held,) = cursor.fetchone()
        events.it_kw = 1100
        events.save()
        before = stamps_of([CapacityEvent])
        first.pk, first._state.adding = held, True
        first.save(force_insert=True)
        assert stamps_of([CapacityEvent]) != before


def test_a_source_that_serves_sites_by_label_counts_for_each():
    one, other = stored.site("ready"), stored.site("ready")
    shared = source(one, site=None, site_label="site")
    for number, there in enumerate((one, other)):
        Series.objects.create(
            source=shared, metric="up", digest=bytes([number]) * 16, site=there, first_seen_at=NOW
        )
    told = fleet.fleet(fleet_standing(now=NOW))
    assert (told.monitored, told.sites_reporting) == (2, 2)
    assert [row.name for row in site_queries.sources(other)] == [shared.name]


def test_a_domain_card_adds_up_its_sites_and_tells_no_figure_it_has_not(dallas):
    other = stored.site()
    stored.health(
        other,
        "compute",
        "warn",
        clock="silent",
        objects_by_health={"ok": 3, "warn": 1},
        figures={
            "gpu-utilisation": {
                "value": 60.0,
                "weight": 4,
                "taken_at": NOW.isoformat(),
                "provenance": "simulated",
                "source": "",
            }
        },
    )
    compute, network, _ = fleet.domain_cards(now=NOW)
    assert compute.sites_by_health == {"ok": 1, "warn": 1}
    assert compute.clocks == {"late": 0, "silent": 1}
    assert (compute.reporting, compute.sites) == (1, 2)
    figures = {figure.key: figure for figure in compute.figures}
    assert (figures["gpu-utilisation"].value, figures["gpu-utilisation"].provenance) == (60.0, "simulated")
    assert figures["gpu-temperature"].value is None
    assert (network.sites, network.reporting) == (0, 0)


def test_health_of_a_domain_ends_though_nothing_is_written():
    stored.health(stored.site(), "compute", blind_at=NOW + timedelta(minutes=1))
    by_second = [
        fleet.domain_cards(now=NOW + timedelta(seconds=second))[0].sites_by_health for second in (0, 59, 61)
    ]
    assert by_second == [{"ok": 1}, {"ok": 1}, {"unknown": 1}]


def test_a_mean_over_sites_weighs_by_what_stands_behind_it():
    for value, weight in ((90.0, 30), (50.0, 10)):
        figure = {
            "value": value,
            "weight": weight,
            "taken_at": NOW.isoformat(),
            "provenance": "measured",
            "source": "",
        }
        stored.health(stored.site(), "compute", figures={"gpu-utilisation": figure})
    [compute, *_] = fleet.domain_cards(now=NOW)
    assert compute.figures[0].value == 80.0


def test_a_row_tells_verdict_capacity_weakest_pillar_and_age(dallas):
    stored.point(dallas, NOW.date(), 0.55)
    stored.point(dallas, (NOW - 8 * DAY).date(), 0.44)
    [row] = sites_queries.rows([dallas], now=NOW)
    assert (row.verdict, row.deployed.it_kw, row.ready.it_kw) == ("not-ready", 1000, 0)
    assert row.first_blocker_name == "Power headroom"
    assert row.weakest.id == "p1"
    assert row.weeks[-2:] == (0.44, 0.55)
    assert len(row.weeks) == 24
    assert row.data_age_s == 40
    assert [(mark.domain, mark.health) for mark in row.health] == [("compute", "ok"), ("energy", "critical")]


def test_the_table_sorts_by_capacity_and_verdict(dallas):
    stored.site("ready", kw=3000, name="Ria")
    made.site(name="Zig", stage=Site.Stage.PLANNED)
    table = sites_queries.table(now=NOW)
    assert [one.name for one in table.order_by("-deployed_kw", "name")] == ["Ria", "Dallas", "Zig"]
    assert [one.name for one in table.order_by("verdict_order", "name")] == ["Dallas", "Ria", "Zig"]
    assert [one.ready_kw for one in table.order_by("-ready_kw", "name")] == [3000, 0, 0]


def test_a_site_without_an_evaluation_has_a_row_all_the_same():
    [row] = sites_queries.rows([made.site()], now=NOW)
    assert (row.verdict, row.stored.score, row.stored.evaluated_at, row.data_age_s) == ("", None, None, None)
    assert {pillar.state for pillar in row.pillars} == {"unknown"}


def test_a_sites_page_shows_every_stored_check_under_its_pillar(dallas):
    page = site_queries.site_page(dallas, now=NOW)
    shown = {one.pillar.id: [check.id for check in one.checks] for one in page.checks}
    assert shown == {
        "p1": [],
        "p2": ["p2-power-headroom"],
        "p3": ["p3-role-coverage"],
        "p4": [],
        "p5": ["p5-fabric-health"],
    }
    assert page.counts == {"fail": 1, "stale": 1, "unknown": 1}
    assert [check.id for check in page.deciding] == ["p2-power-headroom"]
    assert [domain.domain for domain in page.domains] == ["compute", "energy"]


def test_a_check_shows_each_threshold_with_where_it_comes_from(dallas):
    told = checks.site_check(dallas, "p2-power-headroom", now=NOW)
    by_part = {row.part_id: row for row in told.thresholds}
    assert by_part["site-load"].is_default
    assert by_part["site-load"].pass_text == "≤ 85 % of: Contracted or commissioned power"
    assert by_part["circuit-load"].source == "S18"
    assert by_part["circuit-load"].source_urls
    load = told.result.parts[0]
    assert (load.state, load.age_s, load.threshold_source_title) == ("fail", 120, "Operator-set default")


def test_the_strip_holds_the_worst_state_of_each_span(dallas):
    stored.flip(dallas, "check", "p2-power-headroom", "pass", from_state="unknown", at=NOW - 20 * DAY)
    stored.flip(dallas, "check", "p2-power-headroom", "fail", from_state="pass", at=NOW - 10 * DAY)
    told = checks.site_check(dallas, "p2-power-headroom", now=NOW)
    states = [cell.state for cell in told.strip]
    assert len(states) == 15
    assert (states[0], states[4], states[5]) == ("unknown", "unknown", "pass")
    assert (states[8], states[9], states[-1]) == ("pass", "fail", "fail")


def test_a_check_over_the_fleet_has_the_worst_sites_first(dallas):
    fine = stored.site("ready", kw=4000)
    stored.result(fine, "p2-power-headroom", "pass")
    page = checks.check_page("p2-power-headroom", now=NOW)
    assert [row.result.state for row in page.rows] == ["fail", "pass"]
    assert page.counts == {"fail": 1, "pass": 1}
    assert page.kw == {"fail": 1000, "pass": 4000}


def test_an_unknown_check_is_refused(dallas):
    with pytest.raises(KeyError):
        checks.check_page("p9-nothing", now=NOW)


READS = {
    "fleet": lambda: fleet.fleet(fleet_standing(now=NOW)),
    "domain cards": lambda: fleet.domain_cards(now=NOW),
    "holds back": lambda: capacity.holds_back(now=NOW),
    "capacity by site": lambda: capacity.site_rows(now=NOW),
    "capacity over time": lambda: capacity.capacity_over_time(start=NOW - 90 * DAY, end=NOW, now=NOW),
    "site rows": lambda: sites_queries.rows(sites_queries.table(now=NOW), now=NOW),
    "check page": lambda: checks.check_page("p2-power-headroom", now=NOW),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_reading_takes_as_many_statements_for_many_sites_as_for_one(dallas, read):
    read()
    with CaptureQueriesContext(connection) as for_one:
        read()
    for number in range(12):
        there = stored.site("conditional" if number % 2 else "ready", owner="")
        stored.result(there, "p2-power-headroom", "fail")
        stored.health(there, "network", "critical")
        stored.point(there, NOW.date(), 0.5)
        source(there, "silent")
    read()
    with CaptureQueriesContext(connection) as for_many:
        read()
    assert len(for_many) == len(for_one) <= 10
