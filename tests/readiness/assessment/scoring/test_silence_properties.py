"""What holds whatever falls silent, with every object and metric that health knows; no database."""

from dataclasses import dataclass, fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import DomainChoices
from inventory.queries import SiteFacts
from readiness.assessment.scoring.checks import hardware
from readiness.assessment.scoring.core.health import RANK, TROUBLE, HealthBefore
from readiness.assessment.scoring.core.states import Health
from readiness.assessment.scoring.facts import EvaluationFacts, Thing
from readiness.assessment.scoring.health import StoredHealth, site_health, stored_domains
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.queries import Latest, SourceStanding
from tests.readiness.assessment.scoring.core.builders import NOW, core_site

LIVE_S = 300
SITE = 1
METRICS = {
    # Kind of object: its domain, what it sends, and the values of OK, warn and critical.
    "accelerator": ("compute", "DCGM_FI_DEV_GPU_TEMP", (60, 88, 95)),
    "device": ("energy", "upsBatteryStatus", (2, 1, 3)),
    "port": ("network", "node_infiniband_state_id", (4, 4, 1)),
    "cooling-unit": ("energy", "cooling_flow_alarm", (0, 0, 1)),
    # Of no domain's own objects: only what it sends tells whose it is.
    "link": ("network", "probe_success", (1, 1, 0)),
}


@dataclass(frozen=True)
class Sender:
    """One object of one source. `silent_s` is None where it never sent, and `level` how it is: OK, warn or critical.

    `judged_silent_s` is the same of the metric that is judged, which may stop before the others.
    """

    kind: str
    number: int
    source: int = 1
    level: int = 0
    silent_s: int | None = 0
    judged_silent_s: int = 0
    in_service: bool = True

    @property
    def key(self):
        return self.kind, self.number

    @property
    def domain(self):
        return METRICS[self.kind][0]

    @property
    def is_watched(self):
        return self.silent_s is not None

    @property
    def is_silent(self):
        return self.is_watched and self.in_service and self.silent_s > LIVE_S


def latest(sender, metric, value, silent_s):
    columns = dict.fromkeys(OBJECT_COLUMNS.values())
    columns[OBJECT_COLUMNS[sender.kind]] = sender.number
    return Latest(
        series_id=sender.number,
        source_id=sender.source,
        site_id=SITE,
        metric=metric,
        labels={},
        object_kind=sender.kind,
        **columns,
        provenance="measured",
        cadence_s=60,
        ts=NOW - timedelta(seconds=silent_s),
        value=float(value),
    )


FARO = SiteFacts(
    **dict.fromkeys(field.name for field in fields(SiteFacts))
    | {"id": SITE, "slug": "faro", "name": "Faro", "stage": "production", "country": ""}
)


def facts_of(senders):
    readings, seen = {}, {}
    for sender in senders:
        if not sender.is_watched:
            continue
        _, metric, values = METRICS[sender.kind]
        told_s = max(sender.silent_s, sender.judged_silent_s)
        readings.setdefault(metric, []).append(latest(sender, metric, values[sender.level], told_s))
        seen[sender.key] = {sender.source: NOW - timedelta(seconds=sender.silent_s)}
    spoke = {
        number: min(one.silent_s for one in senders if one.source == number and one.is_watched)
        for number in {one.source for one in senders if one.is_watched}
    }
    return EvaluationFacts(
        profile=FARO,
        context=core_site(),
        limits={},
        things={
            one.key: Thing(one.key, f"{one.kind} {one.number}", one.domain, in_service=one.in_service)
            for one in senders
            if one.kind != "link"
        },
        names={one.key: f"{one.kind} {one.number}" for one in senders},
        circuits=(),
        loops={},
        classes=(),
        sources={number: source(number, silent_s) for number, silent_s in spoke.items()},
        live_floor_s=LIVE_S,
        seen=seen,
        sources_of={one.key: frozenset((one.source,)) for one in senders if one.is_watched},
        latest=readings,
        judged=frozenset(seen),
        # Trouble is older than any minimum duration.
        changed_at={one.number: NOW - timedelta(days=1) for one in senders},
    )


def source(number, silent_s):
    state = "on-time" if silent_s <= 120 else "late" if silent_s <= 360 else "silent"
    at = NOW - timedelta(seconds=silent_s)
    return SourceStanding(SITE, number, f"source {number}", state, NOW, at, at, 60.0, 60.0, "measured")


NOTHING = StoredHealth()


def judged(senders, before=NOTHING):
    return site_health(facts_of(senders), before, NOW)


def health_of(senders, before=NOTHING):
    return domains_at(judged(senders, before))


def domains_at(site):
    return {one.domain: one for one in site.domains}


def stored(site):
    """Return the stored domains as the next evaluation reads them. In these tests silence begins at once."""
    domains = stored_domains(site.domains)
    return StoredHealth(site.reasons, {name: replace(each, blind_at=None) for name, each in domains.items()})


KINDS = st.sampled_from(sorted(METRICS))
SILENCES = st.sampled_from([0, 60, 121, 299, 300, 301, 361, 4_000, 80_000])

ANY = SILENCES | st.none()
LIVE = st.just(0)


@st.composite
def fleets(draw, silences=ANY):
    """Objects of several sources, each object once."""
    many = draw(st.lists(KINDS, min_size=1, max_size=8))
    return [
        Sender(
            kind,
            number,
            source=draw(st.integers(1, 3)),
            level=draw(st.integers(0, 2)),
            silent_s=draw(silences),
            judged_silent_s=draw(st.sampled_from([0, 0, 0, 301, 4_000])),
            in_service=draw(st.sampled_from([True, True, True, False])) or kind == "link",
        )
        for number, kind in enumerate(many, 1)
    ]


@st.composite
def befores(draw, silences=LIVE):
    return stored(judged(draw(fleets(silences))))


@given(fleets(), befores())
def test_a_domain_with_a_silent_object_is_never_ok(senders, before):
    told = health_of(senders, before)
    for domain in DomainChoices.values:
        own = [one for one in senders if one.domain == domain and one.kind != "link"]
        if any(one.is_silent for one in own):
            assert told[domain].health is not Health.OK
        live = [one for one in senders if one.domain == domain and one.is_watched and not one.is_silent]
        assert told[domain].objects_by_health.get("ok", 0) <= len(live)


@given(fleets(LIVE), st.data())
def test_what_stops_never_turns_a_domain_ok(senders, data):
    """All that goes on reads as it did before."""
    before = judged(senders)
    first = domains_at(before)
    after = [
        replace(
            one,
            silent_s=data.draw(SILENCES),
            judged_silent_s=max(one.judged_silent_s, data.draw(st.sampled_from([0, 301, 4_000]))),
        )
        for one in senders
    ]
    then = judged(after, stored(before))
    told, again = domains_at(then), health_of(after, stored(then))
    for domain in DomainChoices.values:
        if first[domain].health is not Health.OK:
            assert Health.OK not in (told[domain].health, again[domain].health)
        assert again[domain].health is told[domain].health
        assert again[domain].last_health == told[domain].last_health
        assert again[domain].heard_at == told[domain].heard_at


@given(fleets(), fleets(st.sampled_from([301, 4_000, 80_000])), befores(SILENCES))
def test_streams_that_are_silent_never_turn_a_domain_better(senders, silent, before):
    more = senders + [replace(one, number=100 + one.number, source=9, in_service=True) for one in silent]
    alone, together = health_of(senders, before), health_of(more, before)
    for domain in DomainChoices.values:
        assert RANK[together[domain].health] <= RANK[alone[domain].health]


@given(fleets(), befores())
def test_coverage_and_health_call_the_same_objects_silent(senders, before):
    facts = facts_of(senders)
    readings = hardware.coverage_readings(facts, None, NOW)
    told = domains_at(site_health(facts, before, NOW))
    for domain in DomainChoices.values:
        reading = readings.get(f"{domain}-coverage")
        own = [one for one in senders if one.domain == domain and one.kind != "link" and one.in_service]
        if reading is None or not any(one.is_watched for one in own):
            continue
        heard = [one for one in senders if one.domain == domain and one.is_watched and not one.is_silent]
        if reading.value == 0 and not heard:
            assert told[domain].health is Health.UNKNOWN or told[domain].is_last_known
        if told[domain].health is Health.OK:
            assert reading.value == 100 or any(not one.is_watched for one in own)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("kind", METRICS)
def test_whatever_falls_silent_alone_is_unknown_unless_its_trouble_was_known(kind, level):
    sender = Sender(kind, 1, level=level)
    first = judged([sender])
    was = domains_at(first)[sender.domain].health
    told = health_of([replace(sender, silent_s=301)], stored(first))[sender.domain]
    if was in TROUBLE:
        assert (told.health, told.last_health, told.is_last_known) == (was, "", True)
        assert [reason["title"] for reason in told.reasons][1:] == ["Not seen"]
    else:
        assert (told.health, told.last_health, told.is_last_known) == (Health.UNKNOWN, was, False)
    assert told.heard_at is not None


@pytest.mark.parametrize("was", ["ok", "warn", "critical"])
@pytest.mark.parametrize("own", [[], [Sender("port", 9, silent_s=None)]], ids=["none", "unwatched"])
def test_a_domain_that_others_report_on_is_unknown_once_their_series_end(was, own):
    """Its source goes on with another domain, on time. The next evaluation says the same."""
    heard_at = NOW - timedelta(seconds=LIVE_S + 1)
    link, ups = Sender("link", 1, silent_s=LIVE_S + 1), Sender("device", 2)
    network = HealthBefore(was, "", heard_at, heard_at + timedelta(seconds=LIVE_S))
    before = StoredHealth(domains={"network": network})
    for _ in range(2):
        site = judged([link, ups, *own], before)
        network = domains_at(site)["network"]
        assert (network.health, network.last_health, network.heard_at) == (Health.UNKNOWN, was, heard_at)
        assert network.clock == ""
        before = stored(site)
