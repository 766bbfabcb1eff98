"""Workers evaluate only what claims and the clock name, and gather only what changed: what is stored is what an
evaluation of everything, by a process that keeps nothing, comes to at the same instant."""

import random
from collections import OrderedDict
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Max

from inventory.models import Device, Link, Port, Site, SiteChange
from readiness.assessment.evidence.models import RecordedFact, RunDevice, RunMeasure
from readiness.assessment.evidence.operations import attest, declare_limit, record_fact
from readiness.assessment.grants import operations as grants
from readiness.assessment.scoring import operations
from readiness.assessment.scoring.answers import FACTS, RECORDS
from readiness.assessment.scoring.checks import ANEW
from readiness.assessment.scoring.models import (
    CheckResult,
    DomainHealth,
    Flip,
    HealthReason,
    ScorePoint,
    SiteScore,
)
from readiness.assessment.standards.models import Conformance, Deviation
from readiness.boards.waivers.requests import ask_for_grant
from readiness.demand.jurisdiction.models import CountryGroup, GroupMember, Rule
from readiness.demand.workloads.models import Placement
from readiness.organisation.people.models import Layer, LayerMember, RotationCalendar
from telemetry import rollups, sources
from web.cached import ANSWERS

pytestmark = pytest.mark.django_db
STORED = (CheckResult, SiteScore, ScorePoint, DomainHealth, HealthReason, Flip, Conformance, Deviation)
OF_AN_EVALUATION = {"id", "digest", "evaluated_at", "records_token", "facts_token", "changes_at"}
"""Columns that say when and by whom it was evaluated, and not what it came to."""
COUNTED = {*ANEW, "p5-revalidation"}
"""Checks of which Muster counts figures itself."""
OWN, DATES = "at this evaluation", ("taken_at", "bad_since")
SECONDS = (3, 20, 60, 60, 60, 240, 900, 3_700, 5 * 3600, 25 * 3600)


@contextmanager
def nothing_kept():
    """Run the block without kept answers, like a process that has just started; put them back at its end."""
    with pytest.MonkeyPatch.context() as patched:
        for answer in ANSWERS.values():
            patched.setattr(answer, "_groups", OrderedDict())
        yield


def stored():
    """All stored rows of sites."""
    evaluated_at = dict(SiteScore.objects.values_list("site_id", "evaluated_at"))
    rows = []
    for model in STORED:
        for row in model.objects.values():
            own_at = evaluated_at.get(row["site_id"])
            compared = {name: value for name, value in row.items() if name not in OF_AN_EVALUATION}
            rows.append(
                (model.__name__, normalised(compared, own_at) if row.get("check_id") in COUNTED else compared)
            )
    return sorted(rows, key=repr)


def normalised(row, own_at):
    """A figure that Muster counts is as old as the evaluation and stays fresh for its usual time from then on."""
    values = {name: OWN if name in DATES and is_at(row[name], own_at) else row[name] for name in row}
    if values["taken_at"] == OWN and "fresh_until" in values:
        values["fresh_until"] = OWN
    return (
        values | {"parts": [normalised(part, own_at) for part in row["parts"]]} if "parts" in row else values
    )


def is_at(value, own_at):
    return value is not None and own_at == (
        datetime.fromisoformat(value) if isinstance(value, str) else value
    )


def evaluated_anew(now):
    """Evaluate all sites, return the stored rows, and roll them back."""
    with nothing_kept(), transaction.atomic():
        operations.evaluate(site_ids=list(Site.objects.values_list("pk", flat=True)), now=now)
        rows = stored()
        transaction.set_rollback(True)
    return rows


def turn_of_workers(clock):
    """A moment later, and once more if a claim may wait."""
    clock.move(seconds=1)
    while True:
        operations.rescore_changed(now=clock.at)
        operations.rescore_due(now=clock.at)
        waits_until = SiteChange.objects.aggregate(last=Max("waits_until"))["last"]
        if waits_until is None:
            return
        clock.at = waits_until


class Life:
    """Random things that happen to sites."""

    def __init__(self, plants, clock, give_waiver, seed):
        self.plants, self.clock, self.give_waiver = plants, clock, give_waiver
        self.random = random.Random(seed)

    def goes_on(self):
        """Time passes, one thing happens; returns what it was."""
        seconds = self.random.choice(SECONDS)
        self.clock.move(seconds=seconds)
        plant = self.random.choice(self.plants)
        happens = self.random.choice(
            (
                *(self.send, self.send, self.send, self.change, self.change, self.stop, self.end),
                *(self.resume, self.record, self.forget, self.attest, self.drain, self.switch_off),
                *(
                    self.waive,
                    self.limit,
                    self.declare,
                    self.displace,
                    self.rename,
                    self.nothing,
                    self.nothing,
                ),
            )
        )
        happens(plant)
        sources.update_states(now=self.clock.at)
        return f"{seconds} s, {happens.__name__} at {plant.name}"

    def nothing(self, plant):
        pass

    def send(self, plant):
        plant.send()
        rollups.roll_up(now=self.clock.at)
        plant.measure()

    def change(self, plant):
        plant.change(
            **self.random.choice(
                (
                    {"DCGM_FI_DEV_XID_ERRORS": {"1": self.random.choice((0, 79))}},
                    {"DCGM_FI_DEV_GPU_TEMP": {"0": self.random.choice((60, 88, 95))}},
                    {"site_power_watts": self.random.choice((60_000, 90_000, 130_000))},
                    {"upsBatteryStatus": self.random.choice((2, 3))},
                    {"node_network_carrier_down_changes_total": {"eth0": self.random.randint(3, 60)}},
                    {"upsEstimatedMinutesRemaining": self.random.choice((1, 20))},
                )
            )
        )
        self.send(plant)

    def stop(self, plant):
        plant.stop(*self.random.sample(("rtt", "node_load1", "upsBatteryStatus", "site_power_watts"), 2))

    def end(self, plant):
        plant.end("inlet", "DCGM_FI_DEV_GPU_TEMP")

    def resume(self, plant):
        plant.resume()
        self.send(plant)

    def record(self, plant):
        record_fact(
            site=plant.site,
            check="p2-unit-cost",
            part="cost-to-budget",
            value=self.random.choice((90, 150)),
            source=f"ledger {self.clock.at}",
            taken_on=self.clock.at.date(),
            by=None,
            now=self.clock.at,
        )

    def attest(self, plant):
        attest(
            site=plant.site,
            check="p3-role-coverage",
            part="people-per-role",
            value=self.random.choice((1, 2)),
            statement=f"so it is {self.clock.at}",
            attested_by="R. Costa",
            taken_on=self.clock.at.date(),
            by=None,
            now=self.clock.at,
        )

    def forget(self, plant):
        RecordedFact.objects.filter(site=plant.site).delete()

    def drain(self, plant):
        statuses = (Device.Status.DRAINED, Device.Status.ACTIVE)
        Device.objects.filter(pk=plant.node.pk).update(status=self.random.choice(statuses))

    def switch_off(self, plant):
        port = Port.objects.filter(device=plant.switch, name="eth1")
        port.update(status=self.random.choice(("disabled", "active")))

    def waive(self, plant):
        if not plant.site.grants.exists():
            self.give_waiver(plant.site, ends_at=self.clock.at + timedelta(hours=2))

    def limit(self, plant):
        Site.objects.filter(pk=plant.site.pk).update(contracted_kw=self.random.choice((70, 100, 200)))

    def declare(self, plant):
        declare_limit(
            site=plant.site,
            limit="step-1s-kw",
            value=self.random.choice((30, 600)),
            source=f"contract {self.clock.at}",
            declared_on=self.clock.at.date(),
            by=None,
            now=self.clock.at,
        )

    def displace(self, plant):
        day = self.clock.at.date() - timedelta(days=1)
        Placement.objects.filter(site=plant.site).update(ended_on=self.random.choice((None, day)))

    def rename(self, plant):
        Device.objects.filter(pk=plant.ups.pk).update(firmware_version=f"4.{self.random.randint(1, 9)}")
        assert not Link.objects.exists()


@pytest.fixture
def give_waiver(ops, manager, frozen_now):
    def give(site, *, ends_at):
        asked = ask_for_grant(
            site=site,
            kind="waiver",
            check_id="p2-backup-power",
            reason="UPS B is being replaced",
            ends_at=ends_at,
            by=ops,
            now=frozen_now.at,
        )
        return grants.approve(asked, by=manager, now=frozen_now.at)

    return give


@pytest.mark.parametrize("seed", range(3))
def test_what_workers_store_is_what_an_evaluation_of_everything_comes_to(
    plant_of, frozen_now, give_waiver, seed
):
    plants = [plant_of(name="Faro"), plant_of(name="Porto")]
    for plant in plants:
        plant.run(10)
    turn_of_workers(frozen_now)
    life = Life(plants, frozen_now, give_waiver, seed)
    past = []
    for _ in range(30):
        past.append(life.goes_on())
        turn_of_workers(frozen_now)
        assert not SiteChange.objects.exists()
        rows, anew = stored(), evaluated_anew(frozen_now.at)
        assert [row for row in rows if row not in anew] == [row for row in anew if row not in rows], past


CLAIMING = """
SELECT relation.relname, bool_or(called.prosrc NOT LIKE '%, ''evidence'' FROM %') FROM pg_trigger AS trigger
JOIN pg_class AS relation ON relation.oid = trigger.tgrelid JOIN pg_proc AS called ON called.oid = trigger.tgfoid
WHERE called.prosrc LIKE '%INSERT INTO inventory_sitechange%' GROUP BY 1
"""
NEVER_ALONE = {RunDevice, RunMeasure, Rule, CountryGroup, GroupMember, Layer, LayerMember, RotationCalendar}
"""Written with a run, with a version of the rules, and before the shifts that follow from them."""


INSIDE_FACTS = (
    *("coverage of sites", "people of sites", "qualified people of sites", "who is on call at sites"),
    *("envelopes, footings and alternatives of classes", "versions of the rules"),
)
INSIDE_RECORDS = ("proofs by runs of sites",)


def silent_models(answer, inside, claiming):
    """Models that are read for an answer, or inside it, and of whose writes neither a claim nor a stamp tells."""
    inner_models = {model for name in inside for model in ANSWERS[name].watched | ANSWERS[name].versions}
    models = (inner_models | answer.versions) - NEVER_ALONE - answer.watched
    return {model._meta.label for model in models if model._meta.db_table not in claiming}


def test_each_write_of_a_record_is_told_by_a_claim_or_by_a_stamp(db):
    with connection.cursor() as cursor:
        cursor.execute(CLAIMING)
        claims_facts = dict(cursor.fetchall())
    assert silent_models(RECORDS, (*INSIDE_FACTS, *INSIDE_RECORDS), claims_facts) == set()
    # A claim of evidence has no fact read again.
    claiming = {table for table, claims_more in claims_facts.items() if claims_more}
    assert silent_models(FACTS, INSIDE_FACTS, claiming) == set()
