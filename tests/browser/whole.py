"""A fleet with one of everything that has a page: the objects that routes name, in each stage of their life."""

from datetime import date, timedelta

import pytest

from accounts.operations import create_token
from inventory.models import Device, Site
from readiness.assessment.evidence.models import ReportRule, ValidationRun
from readiness.assessment.evidence.operations import attest, declare_limit, import_run, record_fact, set_floor
from readiness.assessment.framework import operations as framework
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.editing import with_check
from readiness.assessment.grants import operations as waivers
from readiness.boards.dry_run import operations as dry_run
from readiness.boards.waivers.requests import ask_for_grant
from readiness.demand.workloads import operations as workloads
from readiness.golive.campaigns import operations as campaigns
from readiness.golive.reviews import operations
from readiness.golive.reviews import operations as reviews
from readiness.golive.worklist import operations as worklist
from readiness.tradeoffs.factors import operations as tradeoffs
from readiness.tradeoffs.factors.core.entries import FactorEntry, RateEntry
from readiness.tradeoffs.factors.core.series import SeriesRow
from telemetry.drift import operations as drift
from tests.browser import decided_on, owned
from tests.browser.sent import UUIDS
from tests.conftest import NOW
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.scoring import stored
from tests.readiness.boards.explain import scene
from tests.readiness.organisation.people import every, made


@pytest.fixture
def people(user_of):
    create_token(user=user_of("admin", name="Ada Admin"), name="Nightly report", by=None, now=NOW)
    user_of("planner", username="mira", name="Mira Kovač", email="mira@example.org")


@pytest.fixture
def proven(small_fleet, frozen_now):
    """A run that was voided, a contradicted driver, a fact, an attestation, a limit, a floor and a rule, at Porto."""
    porto = Site.objects.get(slug="porto")
    entered = {"by": None, "now": frozen_now.at}
    run = import_run(
        site=porto, tool="nccl-tests", content=outputs.collective(), file_name="out.log", **entered
    )
    reason = "node-1: firmware 1.2 → 1.3 (by mira, 24 Nov 2026 15:02 UTC)."
    ValidationRun.objects.filter(pk=run.pk).update(
        void_changes=["firmware"], voided_at=frozen_now.at, void_reason=reason
    )
    day = {"site": porto, "taken_on": date(2026, 11, 20), **entered}
    record_fact(check="p2-energy-kpis", part="pue", value=1.21, source="meter report", **day)
    attest(check="p4-golive-review", statement="All five signed", attested_by="R. Costa", **day)
    limit = {"limit": "pue-target", "source": "contract", "declared_on": date(2026, 1, 1), **entered}
    declare_limit(site=porto, value=1.3, **limit)
    set_floor(platform="dgx-h100", tool="nccl-tests", measure="busbw", value=460, unit="GB/s", **entered)
    ReportRule.objects.create(pattern="fabric/*", measure="p1-congestion/lossless-drops", value=0.0)
    device = {"site_id": porto.pk, "device_id": porto.devices.order_by("pk").values_list("pk").first()[0]}
    driver = {"field": "driver", "inventory_value": "535.1", "seen_value": "550.9", "source": "out.log"}
    drift.record_drift(now=frozen_now.at, **device, **driver)


@pytest.fixture
def contradicted(small_fleet, user_of, frozen_now):
    """Two contradictions of the inventory at Porto: one is open, one waits for a second person."""
    node = Device.objects.get(site__slug="porto", name="node-1")
    place = {"site_id": node.site_id, "device_id": node.pk, "index": 0, "source": "porto prometheus"}
    firmware = {"field": "firmware", "inventory_value": "1.2", "seen_value": "1.3"}
    drift.record_drift(**place, **firmware, now=frozen_now.at)
    uuid = {"field": "uuid", "inventory_value": UUIDS[0], "seen_value": f"{UUIDS[0][:-4]}ffff"}
    replaced = drift.record_drift(**place, **uuid, now=frozen_now.at)
    drift.propose(replaced, note="Replaced on Friday", by=user_of("ops"), now=frozen_now.at)


@pytest.fixture
def answered(small_fleet, people, user_of, frozen_now):
    porto = Site.objects.get(slug="porto")
    _ana, _rui, admin = owned.build(small_fleet, user_of, frozen_now.at)
    # The administrator is asked the questions of a survey.
    made.staffing(porto, admin.memberships.get().team)
    every.of_each_kind_by_strangers(porto, user_of("planner"))


@pytest.fixture
def granted(small_fleet, user_of, frozen_now):
    """A waiver in force, a request that waits, and one that was denied, at Porto."""
    porto, ops, manager = Site.objects.get(slug="porto"), user_of("ops"), user_of("manager")
    asked = {"kind": "waiver", "reason": "The UPS is being replaced", "by": ops, "now": frozen_now.at}
    until = frozen_now.at + timedelta(days=9)
    decided = {"note": "Seen on site", "by": manager, "now": frozen_now.at}
    given = ask_for_grant(site=porto, check_id="p2-backup-power", ends_at=until, **asked)
    waivers.approve(given, **decided)
    waivers.deny(ask_for_grant(site=porto, check_id="p5-goodput", ends_at=until, **asked), **decided)
    work = {"site": porto, "by": user_of("planner"), "now": frozen_now.at}
    worklist.add(check_id="p2-backup-power", owner_name="Facilities", due_on=date(2026, 11, 1), **work)
    worklist.add(check_id="p1-soak-24h", note="After the new racks", status="in-progress", **work)
    return ask_for_grant(site=porto, check_id="p5-accelerator-health", ends_at=until, **asked)


@pytest.fixture
def campaign(small_fleet, user_of, frozen_now):
    """One that runs at Porto, with an item that was dropped."""
    by = {"by": user_of("planner"), "now": frozen_now.at}
    porto = Site.objects.get(slug="porto")
    made_of = campaigns.create(site=porto, name="Before go-live", due_on=date(2026, 12, 31), **by)
    campaigns.drop(made_of.items.last(), reason="After the expansion", **by)
    return campaigns.start(made_of, **by)


@pytest.fixture
def explained(small_fleet, frozen_now):
    """Record a month of changes at Porto, and scores of another site to compare it with."""
    scene.eventful(Site.objects.get(slug="porto"), now=frozen_now.at)
    for at in (frozen_now.at - scene.MONTH, frozen_now.at):
        stored.kept(small_fleet[0], scene.good(at), at=at)


@pytest.fixture
def review(small_fleet, user_of, frozen_now):
    """One that is open at Porto, with two answers and two actions, and one that ended no-go."""
    by = {"by": user_of("manager"), "now": frozen_now.at}
    porto = Site.objects.get(slug="porto")
    for domain in ("compute", "network", "energy"):
        operations.add_approver(domain=domain, user=user_of("viewer", username=f"{domain}-lead"), **by)
    ended = reviews.open_review(site=Site.objects.get(slug="site-1"), **by)
    reviews.decide(ended, decision="no-go", note="The second feed is missing", **by)
    opened = reviews.open_review(site=porto, **by)
    reviews.sign(
        opened, note="Seen on site", by=user_of("viewer", username="compute-lead"), now=frozen_now.at
    )
    reviews.decline(opened, note="Port 3", by=user_of("viewer", username="network-lead"), now=frozen_now.at)
    operations.add_action(
        opened, title="Clean port 3", critical=True, owner=user_of("ops"), due_on=date(2026, 11, 20), **by
    )
    operations.add_action(opened, title="Label the racks", owner_name="The builder", **by)
    return opened


@pytest.fixture
def working(small_fleet, user_of, frozen_now):
    """A class placed at Porto, confirmed, of which something wants a look; and one of which nothing is declared."""
    by = {"by": user_of("planner"), "now": frozen_now.at}
    limits = {"latency_limit_ms": 50, "allowed_jurisdictions": ["EEA"], "carbon_g_per_kwh": 300, "it_kw": 4}
    limits |= {"deferrable_h": 6}
    chat = workloads.declare(
        name="Chat", slug="porto", source="Catalogue 3", accelerators=[(None, 8)], **limits, **by
    )
    workloads.confirm(chat, note="Looked at", **by)
    workloads.place(chat, site=Site.objects.get(slug="porto"), on=date(2026, 11, 1), **by)
    workloads.declare(name="Bare", slug="bare", **by)


@pytest.fixture
def drafted(small_fleet, user_of, frozen_now):
    """A draft that changes a check and its gate, tried on the fleet."""
    in_force, _ = framework_queries.current()
    step = {"by": user_of("planner"), "now": frozen_now.at}
    draft = framework.make_draft(made_from=in_force, **step)
    fields = {"name": "Accelerators keep scheduling", "gate": "COND"}
    draft = framework.edit(
        draft, lambda definition: with_check(definition, "p5-accelerator-health", fields), revision=1, **step
    )
    dry_run.start(draft, **step)
    return draft


@pytest.fixture
def weighed(small_fleet, frozen_now):
    """Factors of Porto: one with sources that disagree, one with a caution, hours, a round trip, a rate."""
    enter = {"by": None, "now": frozen_now.at}
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
    begin = frozen_now.at.replace(minute=0) - timedelta(days=3)
    hours = [SeriesRow(line, begin + timedelta(hours=line), 40.0 + line % 24) for line in range(72)]
    about = {"kind": "electricity_price", "unit": "EUR/MWh", "source": "exchange"}
    porto = Site.objects.get(slug="porto")
    tradeoffs.enter_series(about=tradeoffs.SeriesOf(site=porto, **about), rows=hours, **enter)
    rate = RateEntry(line=1, currency="EUR", to_currency="USD", rate=1.08, source="ECB", **day)
    tradeoffs.enter_rates(entries=[rate], **enter)


@pytest.fixture
def decided(working, user_of, frozen_now):
    decided_on.build(user_of, frozen_now.at)
    decided_on.plan(user_of, frozen_now.at)


@pytest.fixture
def whole(
    review,
    people,
    small_fleet,
    proven,
    contradicted,
    granted,
    campaign,
    explained,
    working,
    answered,
    weighed,
    decided,
):
    """All of these, but for a draft of the framework, which pages about a version would otherwise show."""
    return small_fleet
