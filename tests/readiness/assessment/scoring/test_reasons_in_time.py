"""Whatever comes, stops, comes late or is labelled otherwise: known trouble ends by a sample, a person or its object's
end alone, silence makes nothing better, and no object changes for another one. No database."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from inventory.queries import SiteFacts
from readiness.assessment.scoring.core.health import RANK
from readiness.assessment.scoring.facts import EvaluationFacts, Thing
from readiness.assessment.scoring.health import StoredHealth, site_health, stored_domains
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.queries import Latest, SourceStanding
from tests.readiness.assessment.scoring.core.builders import NOW, core_site

LIVE, DAY = timedelta(seconds=300), timedelta(hours=24)
SITE = 1
SENT = {
    # Kind of object: its domain, and of each metric the values of OK, warn and critical.
    "accelerator": (
        "compute",
        {
            "DCGM_FI_DEV_GPU_TEMP": (60, 88, 95),
            "DCGM_FI_DEV_ROW_REMAP_FAILURE": (0, 0, 1),
            "DCGM_FI_DEV_XID_ERRORS": (0, 0, 79),
        },
    ),
    "device": (
        "energy",
        {"upsBatteryStatus": (2, 1, 3), "upsOutputPercentLoad": (50, 90, 101), "up": (1, 0, 0)},
    ),
    "cooling-unit": ("energy", {"cooling_leak_alarm": (0, 0, 1)}),
}
KEYS = (("accelerator", 1), ("accelerator", 2), ("device", 3), ("cooling-unit", 4))
EVENTS = {"DCGM_FI_DEV_XID_ERRORS"}
FARO = SiteFacts(
    **dict.fromkeys(field.name for field in fields(SiteFacts))
    | {"id": SITE, "slug": "faro", "name": "Faro", "stage": "production", "country": ""}
)


def sample(key, metric, series_id, value, at):
    kind, number = key
    columns = dict.fromkeys(OBJECT_COLUMNS.values())
    columns[OBJECT_COLUMNS[kind]] = number
    return Latest(
        series_id=series_id,
        source_id=1,
        site_id=SITE,
        metric=metric,
        labels={"job": "exporter"} if metric == "up" else {},
        object_kind=kind,
        **columns,
        provenance="measured",
        cadence_s=60,
        ts=at,
        value=float(value),
    )


class World:
    """The last sample of each series that has not ended, and the time since when it has this value."""

    def __init__(self):
        self.now = NOW
        self.series = {}
        self.seen = {}
        self.ended = set()
        self.resting = set()
        self.version = dict.fromkeys(KEYS, 0)

    def send(self, key, metric, level, at):
        series = (key, metric, self.version[key])
        value = SENT[key[0]][1][metric][level]
        before = self.series.get(series)
        if before is not None and at <= before[1]:
            return
        since = before[2] if before is not None and before[0] == value else at
        self.series[series] = (value, at, since)
        self.ended.discard(series)
        if metric != "up":
            self.seen[key] = max(self.seen.get(key, at), at)

    def die(self, key):
        """The scraper says so, and marks the exporter's series as ended."""
        self.ended |= {series for series in self.series if series[0] == key and series[1] != "up"}
        if "up" in SENT[key[0]][1]:
            self.send(key, "up", 2, self.now)

    def live(self, key, metric):
        """The values of live samples, and since when they are so."""
        return [
            (value, since)
            for series, (value, at, since) in self.series.items()
            if series[:2] == (key, metric) and series not in self.ended and at >= self.now - LIVE
        ]

    def silenced(self, key):
        """The same, but that this object was last heard from a moment longer ago than counts."""
        other = World()
        other.now, other.ended, other.resting, other.version = (
            self.now,
            self.ended,
            self.resting,
            self.version,
        )
        longest = timedelta(seconds=301)
        other.seen = {each: at - longest if each == key else at for each, at in self.seen.items()}
        other.series = {
            series: (value, at - longest if series[0] == key else at, since)
            for series, (value, at, since) in self.series.items()
        }
        return other

    def facts(self):
        live, of_day, changed_at = {}, {}, {}
        for number, ((key, metric, version), (value, at, since)) in enumerate(self.series.items(), 1):
            row = sample(key, metric, number, value, at)
            if (key, metric, version) not in self.ended and at >= self.now - LIVE:
                live.setdefault(metric, []).append(row)
            if metric in EVENTS and at >= self.now - DAY:
                of_day.setdefault(metric, []).append(row)
                if value and since >= self.now - DAY:
                    changed_at[number] = since
        at = max(self.seen.values(), default=NOW)
        return EvaluationFacts(
            profile=FARO,
            context=core_site(),
            limits={},
            things={
                key: Thing(key, " ".join(map(str, key)), SENT[key[0]][0], in_service=key not in self.resting)
                for key in KEYS
            },
            names={key: " ".join(map(str, key)) for key in KEYS},
            circuits=(),
            loops={},
            classes=(),
            sources={1: SourceStanding(SITE, 1, "source", "on-time", NOW, at, at, 60.0, 60.0, "measured")},
            live_floor_s=300,
            seen={
                key: {1: at} for key, at in self.seen.items() if at >= self.now - LIVE - timedelta(minutes=10)
            },
            sources_of={key: frozenset((1,)) for key in self.seen},
            judged=frozenset(self.seen),
            latest=live,
            latest_of_day=of_day,
            changed_at=changed_at,
        )


def is_well(metric, value, since, now):
    """Whether a live sample ends what is critical."""
    if metric in EVENTS:
        return value == 0 or since < now - DAY
    return value not in {95, 1, 3, 101} or (metric, value) == ("upsBatteryStatus", 1)


objects = st.sampled_from(KEYS)
levels = st.integers(0, 2)


class Reasons(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.world = World()
        self.stored = StoredHealth()
        self.ended = {}

    def evaluate(self, world, before):
        site = site_health(world.facts(), before, world.now)
        return site, StoredHealth(site.reasons, stored_domains(site.domains), self.ended)

    @rule(key=objects, level=levels, data=st.data())
    def a_sample_comes(self, key, level, data):
        metric = data.draw(st.sampled_from(sorted(SENT[key[0]][1])))
        self.world.send(key, metric, level, self.world.now)

    @rule(key=objects, level=levels, age=st.integers(1, 4_000), data=st.data())
    def a_sample_comes_late(self, key, level, age, data):
        metric = data.draw(st.sampled_from(sorted(SENT[key[0]][1])))
        self.world.send(key, metric, level, self.world.now - timedelta(seconds=age))

    @rule(seconds=st.sampled_from([1, 60, 299, 301, 3_600, 90_000]))
    def time_goes_by(self, seconds):
        self.world.now += timedelta(seconds=seconds)

    @rule(key=objects)
    def an_exporter_dies(self, key):
        self.world.die(key)

    @rule(key=objects)
    def change_labels(self, key):
        self.world.version[key] += 1

    @rule(key=objects)
    def it_goes_into_maintenance_or_returns(self, key):
        self.world.resting ^= {key}

    @rule(data=st.data())
    def a_person_ends_a_reason(self, data):
        reasons = [reason for reason in self.stored.reasons if reason.metric]
        if reasons:
            reason = data.draw(st.sampled_from(reasons))
            self.ended[reason.place] = self.world.now
            left = [each for each in self.stored.reasons if each != reason]
            self.stored = replace(self.stored, reasons=left, ends=self.ended)

    @invariant()
    def known_trouble_stays(self):
        world, before = self.world, self.stored.reasons
        site, self.stored = self.evaluate(world, self.stored)
        after = {reason.place: reason for reason in site.reasons}
        for reason in before:
            if reason.health == "critical" and reason.key not in world.resting:
                live = world.live(reason.key, reason.metric)
                if not any(is_well(reason.metric, *each, world.now) for each in live):
                    assert after[reason.place].health == "critical", reason
                    assert after[reason.place].since == reason.since
                    assert after[reason.place].is_last_known is not bool(live)
        critical = {each.domain for each in site.reasons if each.health == "critical" and each.counts_from}
        assert critical == {domain.domain for domain in site.domains if domain.health == "critical"}

    @invariant()
    def silence_makes_nothing_better_and_changes_no_other(self):
        base, _ = self.evaluate(self.world, self.stored)
        for key in self.world.seen:
            silent, _ = self.evaluate(self.world.silenced(key), self.stored)
            for without, with_silence in zip(base.domains, silent.domains, strict=True):
                assert RANK[with_silence.health] <= RANK[without.health]
            assert rank(silent, key) <= rank(base, key)
            assert reasons_of_other_objects(silent, key) == reasons_of_other_objects(base, key)


def rank(site, key):
    return min((reason.rank for reason in site.reasons if reason.key == key), default=9)


def reasons_of_other_objects(site, key):
    return {reason.place: reason for reason in site.reasons if reason.key != key}


Reasons.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestReasons = Reasons.TestCase
