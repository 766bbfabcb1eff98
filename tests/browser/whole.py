"""A fleet with one of everything that has a page: the objects that routes name, in each stage of their life."""

import zlib
from datetime import date, timedelta

from accounts.models import GroupRule
from accounts.operations import create_token
from inventory.models import Device, Site
from readiness.assessment.evidence.models import ReportRule, ValidationRun
from readiness.assessment.evidence.operations import attest, declare_limit, import_run, record_fact, set_floor
from readiness.assessment.framework import operations as framework
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.editing import replace_check
from readiness.assessment.grants import operations as waivers
from readiness.boards.dry_run import operations as dry_run
from readiness.boards.waivers.requests import ask_for_grant
from readiness.demand.workloads import operations as workloads
from readiness.demand.workloads.models import WorkloadClass
from readiness.golive.campaigns import operations as campaigns
from readiness.golive.reviews import operations
from readiness.golive.reviews import operations as reviews
from readiness.golive.worklist import operations as worklist
from readiness.golive.worklist import plans
from readiness.loop.alerts.heartbeat.operations import create_heartbeat
from readiness.loop.alerts.inbound.senders import create_sender
from readiness.loop.alerts.life import operations as handling
from readiness.loop.alerts.life.run import run
from readiness.loop.alerts.models import Alert, EscalationLevel, EscalationRoute, InboundAlert, InboundRule
from readiness.loop.alerts.silencing import operations as silencing
from readiness.loop.alerts.telling import operations as telling
from readiness.loop.incidents import operations as incidents
from readiness.loop.incidents.following import add_incident_action
from readiness.loop.incidents.models import IncidentEscape
from readiness.loop.lessons.operations import write_lesson
from readiness.loop.problems.models import Problem
from readiness.loop.problems.operations import write_claimed
from readiness.organisation.people.models import Team
from readiness.tradeoffs.factors import operations as tradeoffs
from readiness.tradeoffs.factors.core.entries import FactorEntry, RateEntry
from readiness.tradeoffs.factors.core.series import SeriesRow
from telemetry.drift import operations as drift
from telemetry.models import (
    ImportedFile,
    ImportRule,
    MappingRule,
    SchedulerState,
    ScrapeTarget,
    Source,
    UnitRule,
)
from tests.browser import decided_on, fleet, looped, owned, sent
from tests.conftest import NOW, make_user
from tests.readiness.assessment.duties import made as duties
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.standards import scenes as standards
from tests.readiness.boards.explain import scene as month
from tests.readiness.organisation.people import every, made
from tests.scenes import scene
from tests.web.delivery import made as deliveries
from web import following
from web.delivery import claims, results
from web.delivery.models import Attempt
from web.delivery.results import AttemptResult
from web.delivery.senders import Answer
from web.workflows.models import Approval, ApprovalFlag


def people(clock):
    create_token(user=make_user("admin", name="Ada Admin"), name="Nightly report", by=None, now=NOW)
    make_user("planner", username="mira", name="Mira Kovač", email="mira@example.org")
    GroupRule.objects.create(group="site operations", role="ops")


def proven(clock):
    """A run that was voided, a contradicted driver, a fact, an attestation, a limit, a floor and a rule, at Porto."""
    porto = Site.objects.get(slug="porto")
    entered = {"by": None, "now": clock.at}
    run = import_run(
        site=porto, tool="nccl-tests", content=outputs.collective(), file_name="out.log", **entered
    )
    reason = "node-1: firmware 1.2 → 1.3 (by mira, 24 Nov 2026 15:02 UTC)."
    ValidationRun.objects.filter(pk=run.pk).update(
        void_changes=["firmware"], voided_at=clock.at, void_reason=reason
    )
    day = {"site": porto, "taken_on": date(2026, 11, 20), **entered}
    record_fact(check="p2-energy-kpis", part="pue", value=1.21, source="meter report", **day)
    attest(check="p4-golive-review", statement="All five signed", attested_by="R. Costa", **day)
    limit = {"limit": "pue-target", "source": "contract", "declared_on": date(2026, 1, 1), **entered}
    declare_limit(site=porto, value=1.3, **limit)
    set_floor(platform="dgx-h100", tool="nccl-tests", measure="busbw", value=460, unit="GB/s", **entered)
    ReportRule.objects.create(pattern="fabric/*", measure="p1-congestion/lossless-drops", value=0.0)
    ScrapeTarget.objects.create(site=porto, address="node-1:9100", job="node")
    SchedulerState.objects.create(
        site=porto, device=porto.devices.order_by("pk").first(), source=porto.sources.order_by("pk").first(),
        scheduler="slurm", standing="drained", since=clock.at, reason="Fan 3 is loud", reason_by="root",
    )  # fmt: skip
    sender = Source.objects.filter(site=porto).order_by("pk").first()
    ImportRule.objects.create(
        source=sender, name="meters", columns="Time = time\nPower = metric DCGM_FI_DEV_POWER_USAGE"
    )
    text = f"Time,Power\n{clock.at.timestamp():.0f},300\n1,2\n"
    ImportedFile.objects.create(
        source=Source.objects.get(name="porto prometheus"), by=None,
        file_name="meters.csv", charset="utf-8", lines=3, header_line=1, separator="comma", begun_at=clock.at,
        columns="Time = time\nPower = metric DCGM_FI_DEV_POWER_USAGE", content=zlib.compress(text.encode()),
    )  # fmt: skip
    UnitRule.objects.create(source=sender, metric="node_hwmon_temp_celsius", unit="°F")
    MappingRule.objects.create(
        source=sender, site=porto, name="BMCs", label="unit_id", value="bmc-*", object_name="node-*"
    )
    device = {"site_id": porto.pk, "device_id": porto.devices.order_by("pk").values_list("pk").first()[0]}
    driver = {"field": "driver", "inventory_value": "535.1", "seen_value": "550.9", "source": "out.log"}
    drift.record_drift(now=clock.at, **device, **driver)
    duties.one_of_each(porto)


def contradicted(clock):
    """Two contradictions of the inventory at Porto: one is open, one waits for a second person."""
    node = Device.objects.get(site__slug="porto", name="node-1")
    place = {"site_id": node.site_id, "device_id": node.pk, "index": 0, "source": "porto prometheus"}
    firmware = {"field": "firmware", "inventory_value": "1.2", "seen_value": "1.3"}
    drift.record_drift(**place, **firmware, now=clock.at)
    uuid = {"field": "uuid", "inventory_value": sent.UUIDS[0], "seen_value": f"{sent.UUIDS[0][:-4]}ffff"}
    replaced = drift.record_drift(**place, **uuid, now=clock.at)
    drift.propose(replaced, note="Replaced on Friday", by=make_user("ops"), now=clock.at)


def answered(clock):
    porto = Site.objects.get(slug="porto")
    _ana, _rui, admin = owned.build(fleet.sites(), make_user, clock.at)
    # The administrator is asked the questions of a survey.
    made.staffing(porto, admin.memberships.get().team)
    every.of_each_kind_by_strangers(porto, make_user("planner"))


def granted(clock):
    """A waiver in force, a request that waits, and one that was denied, at Porto."""
    porto, ops, manager = Site.objects.get(slug="porto"), make_user("ops"), make_user("manager")
    asked = {"kind": "waiver", "reason": "The UPS is being replaced", "by": ops, "now": clock.at}
    until = clock.at + timedelta(days=9)
    decided = {"note": "Seen on site", "by": manager, "now": clock.at}
    given = ask_for_grant(site=porto, check_id="p2-backup-power", ends_at=until, **asked)
    waivers.approve(given, **decided)
    waivers.deny(ask_for_grant(site=porto, check_id="p5-goodput", ends_at=until, **asked), **decided)
    work = {"site": porto, "by": make_user("planner"), "now": clock.at}
    worklist.add(check_id="p2-backup-power", owner_name="Facilities", due_on=date(2026, 11, 1), **work)
    worklist.add(check_id="p1-soak-24h", note="After the new racks", status="in-progress", **work)
    step = plans.PlannedPair(work["site"], "p3-role-coverage", "People")
    plans.add(name="By spring", due_on=date(2027, 3, 1), pairs=[step], by=work["by"], now=work["now"])
    waiting = ask_for_grant(site=porto, check_id="p5-accelerator-health", ends_at=until, **asked)
    Approval.objects.create(
        table="grants.grant", object_id=waiting.pk, site_id=porto.pk, step="approve", first=ops, second=manager,
        asked_at=clock.at, at=clock.at, flags=[ApprovalFlag.YOUNG],
    )  # fmt: skip
    return waiting


def standardised(clock):
    """A standard that Porto's nodes deviate from, one under a waiver, and one of everything that stays flexible."""
    porto = Site.objects.get(slug="porto")
    workload = WorkloadClass.objects.get(slug="porto")
    standards.build(porto, workload, make_user("ops"), make_user("manager"), clock.at)


def campaign(clock):
    """One that runs at Porto, with an item that was dropped."""
    by = {"by": make_user("planner"), "now": clock.at}
    porto = Site.objects.get(slug="porto")
    made_of = campaigns.create(site=porto, name="Before go-live", due_on=date(2026, 12, 31), **by)
    campaigns.drop(made_of.items.last(), reason="After the expansion", **by)
    return campaigns.start(made_of, **by)


def explained(clock):
    """Record a month of changes at Porto, and scores of another site to compare it with."""
    month.eventful(Site.objects.get(slug="porto"), now=clock.at)
    for at in (clock.at - month.MONTH, clock.at):
        stored.kept(fleet.sites()[0], month.good(at), at=at)


def review(clock):
    """One that is open at Porto, with two answers and two actions, and one that ended no-go."""
    by = {"by": make_user("manager"), "now": clock.at}
    porto = Site.objects.get(slug="porto")
    for domain in ("compute", "network", "energy"):
        operations.add_approver(domain=domain, user=make_user("viewer", username=f"{domain}-lead"), **by)
    ended = reviews.open_review(site=Site.objects.get(slug="site-1"), **by)
    reviews.decide(ended, decision="no-go", note="The second feed is missing", **by)
    opened = reviews.open_review(site=porto, **by)
    reviews.sign(opened, note="Seen on site", by=make_user("viewer", username="compute-lead"), now=clock.at)
    reviews.decline(opened, note="Port 3", by=make_user("viewer", username="network-lead"), now=clock.at)
    operations.add_action(
        opened, title="Clean port 3", critical=True, owner=make_user("ops"), due_on=date(2026, 11, 20), **by
    )
    operations.add_action(opened, title="Label the racks", owner_name="The builder", **by)
    return opened


def working(clock):
    """A class placed at Porto, confirmed, of which something wants a look; and one of which nothing is declared."""
    by = {"by": make_user("planner"), "now": clock.at}
    limits = {"latency_limit_ms": 50, "allowed_jurisdictions": ["EEA"], "carbon_g_per_kwh": 300, "it_kw": 4}
    limits |= {"deferrable_h": 6}
    chat = workloads.declare(
        name="Chat", slug="porto", source="Catalogue 3", accelerators=[(None, 8)], **limits, **by
    )
    workloads.confirm(chat, note="Looked at", **by)
    workloads.place(chat, site=Site.objects.get(slug="porto"), on=date(2026, 11, 1), **by)
    workloads.declare(name="Bare", slug="bare", **by)


def drafted(clock):
    """A draft that changes a check and its gate, tried on the fleet."""
    in_force, _ = framework_queries.current()
    step = {"by": make_user("planner"), "now": clock.at}
    draft = framework.make_draft(made_from=in_force, **step)
    fields = {"name": "Accelerators keep scheduling", "gate": "COND"}
    draft = framework.edit(
        draft,
        lambda definition: replace_check(definition, "p5-accelerator-health", fields),
        revision=1,
        **step,
    )
    dry_run.start(draft, **step)
    return draft


def weighed(clock):
    """Factors of Porto: one with sources that disagree, one with a caution, hours, a round trip, a rate."""
    enter = {"by": None, "now": clock.at}
    entered = {"site": "porto", "kind": "carbon_average", "unit": "g/kWh"}
    day = {"as_of_on": date(2026, 1, 1)}
    tradeoffs.enter_factors(
        entries=[
            FactorEntry(line=1, value=290, source="national mean", **day, **entered),
            FactorEntry(line=2, value=190, source="supplier", **day, **entered),
            FactorEntry(
                line=3,
                value=1_500,
                source="contract",
                **day,
                **entered | {"kind": "electricity_price", "unit": "EUR/MWh"},
            ),
        ],
        **enter,
    )
    begin = clock.at.replace(minute=0) - timedelta(days=3)
    hours = [SeriesRow(line, begin + timedelta(hours=line), 40.0 + line % 24) for line in range(72)]
    about = {"kind": "electricity_price", "unit": "EUR/MWh", "source": "exchange"}
    porto = Site.objects.get(slug="porto")
    tradeoffs.enter_series(about=tradeoffs.SeriesOf(site=porto, **about), rows=hours, **enter)
    rate = RateEntry(line=1, currency="EUR", to_currency="USD", rate=1.08, source="ECB", **day)
    tradeoffs.enter_rates(entries=[rate], **enter)


def decided(clock):
    decided_on.build(make_user, clock.at)
    decided_on.plan(make_user, clock.at)


def fed_back(clock):
    looped.build(make_user, clock.at)


@scene()
def small_fleet(clock):
    """Six sites as stored, one under construction, and Porto, which has really sent its samples."""
    sites = fleet.build(clock.at, sites=6)
    fleet.yard(sites[0].region)
    sent.porto(clock, sites[0].region)
    return sites


def delivered(clock):
    """A channel that Porto shares: one message was given up, one is tried again, one waits."""
    shared = {"is_shared": True, "scope_kind": "site", "scope_slug": "porto"}
    channel = deliveries.channel(make_user("ops"), name="War room", created_at=clock.at, **shared)
    given_up, again, _waiting = (
        deliveries.message(channel, clock.at, key=key, subject=f"{key}: cooling unit 3 is critical")
        for key in ("given up", "again", "waiting")
    )
    refused = Answer(Attempt.Outcome.REFUSED, 400, "No such room.")
    busy = Answer(Attempt.Outcome.AGAIN, 503, "Too many requests.")
    for message, answer in ((given_up, refused), (again, busy)):
        (claimed,) = claims.claim(now=clock.at, most=1, most_weak=1)
        assert claimed == message
        results.record([AttemptResult(claimed, clock.at, clock.at, answer)])


def silenced(clock):
    """A silence of Porto's energy, a window on Sundays, and one that is under way."""
    entered = {"site": Site.objects.get(slug="porto"), "by": make_user("ops"), "now": clock.at}
    silencing.begin_silence(
        reason="The rack is moved", domain="energy", ends_at=clock.at + timedelta(days=2), **entered
    )
    for name, rule in (("Generator test", "FREQ=DAILY"), ("Sunday works", "FREQ=WEEKLY;BYDAY=SU")):
        silencing.announce_window(
            name=name,
            rule=rule,
            starts_at=clock.at - timedelta(minutes=5),
            duration_min=120,
            last_ends_at=clock.at + timedelta(days=90),
            **entered,
        )


def alerted(clock):
    """Alerts of all problems, one of them acknowledged with a comment; a route, a subscription, a heartbeat."""
    following.number(Problem)
    run(now=clock.at)
    ops, admin = make_user("ops"), make_user("admin")
    alert = Alert.objects.open().filter(site__slug="porto").first() or Alert.objects.open()[0]
    handling.acknowledge(alert, until=clock.at + timedelta(hours=4), note="On it.", by=ops, now=clock.at)
    handling.comment(alert, text="Fan 2 is loud.", by=ops, now=clock.at)
    sender, _token = create_sender(
        name="Prometheus at home",
        kind="alertmanager",
        site=Site.objects.get(slug="porto"),
        by=admin,
        now=clock.at,
    )
    InboundRule.objects.create(
        name="Left out", sender=sender, conditions="alertname=Watchdog", is_ignored=True
    )
    InboundAlert.objects.create(
        sender=sender, fingerprint="a1", title="PumpStopped", labels={"alertname": "PumpStopped"}, is_open=True,
        reason="No rule and no label names a site.", starts_at=clock.at, heard_at=clock.at,
    )  # fmt: skip
    route = EscalationRoute.objects.create(name="Energy", domain="energy")
    for after_min, target in ((0, "primary"), (15, "owner")):
        EscalationLevel.objects.create(route=route, after_min=after_min, target=target)
    telling.subscribe(site=Site.objects.get(slug="porto"), by=admin, now=clock.at)
    create_heartbeat(name="Pings", address="https://example.org/ping", by=admin, now=clock.at)


def learned(clock):
    """An incident that is over, reviewed, and has an action and a lesson; one that repeats it and is under way."""
    ops, planner = make_user("ops"), make_user("planner")
    alert = Alert.objects.open().filter(site__slug="porto").order_by("pk").last()
    began_at = clock.at - timedelta(days=20)
    columns = {"site": alert.site, "title": "Hall 1 went dark", "severity": "2", "began_at": began_at}
    incident = incidents.open_incident(**columns, by=ops, now=began_at)
    incidents.add_entry(incident, text="The feed is switched by hand.", by=ops, now=began_at)
    ended_at = began_at + timedelta(hours=3)
    incident = incidents.end_incident(incident, note="Both feeds carry load.", by=ops, now=ended_at)
    incidents.review_incident(
        incident, cause="Breaker opened", what_happened="It was set too low.", by=ops, now=ended_at
    )
    IncidentEscape.objects.create(incident=incident, kind="drill", name="Loss of a feed", why="missing")
    add_incident_action(
        incident,
        title="Set the breaker",
        effect="check",
        check_id="p2-power-headroom",
        team=Team.objects.order_by("pk").first(),
        due_on=clock.at.date(),
        by=ops,
        now=ended_at,
    )
    write_lesson(
        claim="Breakers are set for the load of both feeds",
        why="One was not.",
        kind="present",
        check_id="p2-power-headroom",
        incident=incident,
        by=planner,
        now=ended_at,
    )
    incidents.open_incident(alert=alert, by=ops, now=clock.at)


@scene(on=small_fleet)
def whole(clock):
    """All of these, but for a draft of the framework, which pages about a version would otherwise show."""
    for fill in (review, people, proven, contradicted, granted, campaign, explained, working):
        fill(clock)
    for fill in (standardised, answered, weighed, decided, delivered, silenced, fed_back):
        fill(clock)
    write_claimed(now=clock.at)
    alerted(clock)
    learned(clock)
    return fleet.sites()
