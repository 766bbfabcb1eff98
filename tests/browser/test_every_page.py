"""Every page there is passes axe and the security policy, by day and by night, on a desk and on a phone.

The pages are read from the URL configuration: whatever answers a reader with a page is looked at, so that a new page
is in here the day it is added.
"""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.operations import create_token
from inventory.kinds import KINDS
from inventory.models import Site
from readiness.evidence.models import ValidationRun
from readiness.evidence.operations import attest, declare_limit, import_run, record_fact, set_floor
from readiness.framework import operations as framework
from readiness.framework import queries as framework_queries
from readiness.framework.core.editing import with_check
from readiness.scoring.campaigns import operations as campaigns
from readiness.scoring.dry_run import operations as dry_run
from readiness.scoring.reviews import actions, approvers
from readiness.scoring.reviews import operations as reviews
from readiness.scoring.waivers import operations as waivers
from readiness.scoring.worklist import operations as worklist
from readiness.tradeoffs import operations as tradeoffs
from readiness.tradeoffs.core.entries import FactorEntry, RateEntry, Sourcing
from readiness.tradeoffs.core.series import Stated
from readiness.workloads import operations as workloads
from tests.browser import decided_on, owned
from tests.browser.addresses import address
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.evidence import outputs
from tests.readiness.scoring import stored
from tests.readiness.scoring.explain import scene
from tests.web.test_access import routes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What the reader of these sees depends on the query, so each has a few.
VARIANTS = (
    "/?view=site",
    "/?verdict=not-ready&verdict=ready&cols=site&cols=stage",
    "/?q=nothing-is-called-this",
    "/?kiosk=1",
    "/sites/porto/?tab=compute",
    "/sites/porto/?tab=network",
    "/sites/porto/?tab=energy",
    "/sites/porto/?tab=evidence",
    "/sites/porto/?tab=changes",
    "/sites/porto/?tab=sources",
    "/sites/site-1/",
    "/sites/yard/",
    "/sites/yard/?tab=compute",
    "/readiness/?pillar=p2&group=region&cell=porto.p5-accelerator-health",
    "/readiness/?q=nothing-is-called-this",
    "/readiness/checks/?pillar=p2&state=fail",
    "/sites/porto/checks/p3-role-coverage/",
    "/readiness/gap/?by=site&measure=accelerators&target=ready&plan=checks",
    "/readiness/gap/?kind=colo&profile=edge",
    "/readiness/worklist/?cols=note&cols=how_to&cols=due&overdue=true",
    "/readiness/worklist/?q=nothing-is-called-this",
    "/telemetry/?state=paused",
    "/telemetry/explore/?site=porto&metric=DCGM_FI_DEV_GPU_UTIL",
    "/telemetry/explore/?site=porto&metric=DCGM_FI_DEV_GPU_UTIL&step=soon",
    "/waivers/?state=denied&cols=reason&cols=vendor&cols=pillar",
    "/waivers/?q=nothing-is-called-this",
    "/waivers/ageing/?by=owner",
    "/waivers/request/?site=porto&check=p5-accelerator-health",
    "/sites/porto/checks/p2-backup-power/",
    "/readiness/campaigns/?state=running&cols=note&cols=stale",
    "/readiness/explain/?site=porto&start=now-30d",
    "/readiness/explain/?site=site-1&start=now-30d",
    "/readiness/reviews/open/?site=site-2",
    "/sites/porto/checks/p4-golive-review/",
    "/readiness/trends/?site=porto&pillar=p2&start=now-60d",
    "/tradeoffs/workloads/bare/",
    "/tradeoffs/workloads/bare/windows/",
    "/tradeoffs/workloads/porto/windows/?site=site-1",
    "/tradeoffs/flexibility/?view=sites",
    "/tradeoffs/workloads/?complete=false&cols=demand&cols=it_kw&cols=provenance",
    "/tradeoffs/factors/?sources=disagree&cols=basis",
    "/tradeoffs/factors/?q=nothing-is-called-this",
    "/tradeoffs/factors/sites/site-1/",
    "/decisions/?state=recorded&cols=rationale&cols=reviewed_at",
    "/decisions/?q=nothing-is-called-this",
    "/decisions/new/?workload=porto&site=porto&w_cost=60",
    "/search/?q=porto",
    "/search/?q=zzz",
    "/search/?q=in:nowhere a",
    "/nowhere/",
    "/?start=tomorrow",
)
# Each is a test of its own, so that workers take them side by side.
SHARES = 4
# Signing out by reading an address is refused; the others are for those who are not signed in yet.
# A file, of one kind of hours that it has to be told.
HOURS = "tradeoffs/factors/sites/<slug:slug>/hours.<str:form>"
NOT_HERE = {"logout/", "login/", "first-admin/<str:secret>/", HOURS}
IN_INVENTORY = re.compile("inventory/")
IN_FRAMEWORK = re.compile("readiness/framework/")


def pages(client, wanted):
    """The addresses that answer with a page. One that leads nowhere lacks something in the fleet below."""
    found, lost = [], []
    for route in routes():
        if route.startswith("api/") or route in NOT_HERE or not wanted(route):
            continue
        answer = client.get(address(route))
        if answer.status_code == 404:
            lost.append(route)
        elif answer["Content-Type"].startswith("text/html") and "</html>" in answer.text:
            found.append(address(route))
    assert lost == []
    return found


@pytest.fixture
def people(user_of):
    create_token(user=user_of("admin", name="Ada Admin"), name="Nightly report", by=None, now=NOW)
    user_of("planner", username="mira", name="Mira Kovač", email="mira@example.org")


@pytest.fixture
def proven(small_fleet, frozen_now):
    """A run that was voided, a fact, an attestation, a limit and a floor, at Porto."""
    porto = Site.objects.get(slug="porto")
    entered = {"by": None, "now": frozen_now.at}
    run = import_run(
        site=porto, tool="nccl-tests", content=outputs.collective(), file_name="out.log", **entered
    )
    reason = "node-1: firmware 1.2 → 1.3 (by mira, 2026-11-24 15:02 UTC)."
    ValidationRun.objects.filter(pk=run.pk).update(
        void_changes=["firmware"], voided_at=frozen_now.at, void_reason=reason
    )
    day = {"site": porto, "taken_on": date(2026, 11, 20), **entered}
    record_fact(check="p2-energy-kpis", part="pue", value=1.21, source="meter report", **day)
    attest(check="p4-golive-review", statement="All five signed", attested_by="R. Costa", **day)
    limit = {"limit": "pue-target", "source": "contract", "declared_on": date(2026, 1, 1), **entered}
    declare_limit(site=porto, value=1.3, **limit)
    set_floor(platform="dgx-h100", tool="nccl-tests", measure="busbw", value=460, unit="GB/s", **entered)


@pytest.fixture
def answered(small_fleet, people, user_of, frozen_now):
    owned.build(small_fleet, user_of, frozen_now.at)


@pytest.fixture
def granted(small_fleet, user_of, frozen_now):
    """A waiver in force, a request that waits, and one that was denied, at Porto."""
    porto, ops, manager = Site.objects.get(slug="porto"), user_of("ops"), user_of("manager")
    asked = {"kind": "waiver", "reason": "The UPS is being replaced", "by": ops, "now": frozen_now.at}
    until = frozen_now.at + timedelta(days=9)
    decided = {"note": "Seen on site", "by": manager, "now": frozen_now.at}
    given = waivers.request(site=porto, check_id="p2-backup-power", ends_at=until, **asked)
    waivers.approve(given, **decided)
    waivers.deny(waivers.request(site=porto, check_id="p5-goodput", ends_at=until, **asked), **decided)
    work = {"site": porto, "by": user_of("planner"), "now": frozen_now.at}
    worklist.add(check_id="p2-backup-power", owner_name="Facilities", due_on=date(2026, 11, 1), **work)
    worklist.add(check_id="p1-soak-24h", note="After the new racks", status="in-progress", **work)
    return waivers.request(site=porto, check_id="p5-accelerator-health", ends_at=until, **asked)


@pytest.fixture
def campaign(small_fleet, user_of, frozen_now):
    """One that runs at Porto, with an item that was dropped."""
    by = {"by": user_of("planner"), "now": frozen_now.at}
    porto = Site.objects.get(slug="porto")
    made_of = campaigns.create(site=porto, name="Before go-live", due_on=date(2026, 12, 31), **by)
    campaigns.drop_item(made_of.items.last(), reason="After the expansion", **by)
    return campaigns.start(made_of, **by)


@pytest.fixture
def explained(small_fleet, frozen_now):
    """What moved at Porto within a month, and at another site that it may be compared with."""
    scene.eventful(Site.objects.get(slug="porto"), now=frozen_now.at)
    for at in (frozen_now.at - scene.MONTH, frozen_now.at):
        stored.kept(small_fleet[0], scene.good(at), at=at)


@pytest.fixture
def review(small_fleet, user_of, frozen_now):
    """One that is open at Porto, with two answers and two actions, and one that ended no-go."""
    by = {"by": user_of("manager"), "now": frozen_now.at}
    porto = Site.objects.get(slug="porto")
    for domain in ("compute", "network", "energy"):
        approvers.add(domain=domain, user=user_of("viewer", username=f"{domain}-lead"), **by)
    ended = reviews.open_review(site=Site.objects.get(slug="site-1"), **by)
    reviews.decide(ended, decision="no-go", note="The second feed is missing", **by)
    opened = reviews.open_review(site=porto, **by)
    reviews.sign(
        opened, note="Seen on site", by=user_of("viewer", username="compute-lead"), now=frozen_now.at
    )
    reviews.decline(opened, note="Port 3", by=user_of("viewer", username="network-lead"), now=frozen_now.at)
    actions.add(
        opened, title="Clean port 3", critical=True, owner=user_of("ops"), due_on=date(2026, 11, 20), **by
    )
    actions.add(opened, title="Label the racks", owner_name="The builder", **by)
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
            FactorEntry(line=1, value=290, sourcing=Sourcing(source="national mean", **day), **entered),
            FactorEntry(line=2, value=190, sourcing=Sourcing(source="supplier", **day), **entered),
            FactorEntry(
                line=3,
                value=1_500,
                sourcing=Sourcing(source="contract", **day),
                **entered | {"kind": "electricity_price", "unit": "EUR/MWh"},
            ),
        ],
        **enter,
    )
    begin = frozen_now.at.replace(minute=0) - timedelta(days=3)
    hours = [Stated(line, begin + timedelta(hours=line), 40.0 + line % 24) for line in range(72)]
    about = {"kind": "electricity_price", "unit": "EUR/MWh", "source": "exchange"}
    porto = Site.objects.get(slug="porto")
    tradeoffs.enter_series(about=tradeoffs.SeriesOf(site=porto, **about), rows=hours, **enter)
    rate = RateEntry(line=1, currency="EUR", to_currency="USD", rate=1.08, source="ECB", **day)
    tradeoffs.enter_rates(entries=[rate], **enter)


@pytest.fixture
def decided(working, user_of, frozen_now):
    decided_on.build(user_of, frozen_now.at)
    decided_on.plan(user_of, frozen_now.at)


def found_on(one, axe_source, paths):
    return {path: found for path in paths if (found := faults(one, axe_source, path))}


@pytest.mark.usefixtures(
    "review",
    "people",
    "small_fleet",
    "proven",
    "granted",
    "campaign",
    "explained",
    "working",
    "answered",
    "weighed",
    "decided",
)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_page_over_the_fleet(as_role, client_of, axe_source, share):
    client = client_of("admin")
    paths = pages(client, lambda route: not (IN_INVENTORY.match(route) or IN_FRAMEWORK.match(route)))
    assert {"/", "/sites/porto/", "/readiness/", "/telemetry/", "/settings/", "/history/"} <= set(paths)
    one = as_role("admin")
    assert found_on(one, axe_source, [*paths, *VARIANTS][share::SHARES]) == {}
    assert one.refusals == []


def test_every_page_of_the_framework(as_role, client_of, drafted, axe_source):
    paths = pages(client_of("admin"), IN_FRAMEWORK.match)
    assert len(paths) == 11
    one = as_role("admin")
    variants = ["/readiness/framework/?status=retired&cols=note&cols=digest&cols=revision"]
    assert found_on(one, axe_source, [*paths, *variants]) == {}
    assert one.refusals == []


def test_every_page_of_the_inventory(as_role, client_of, people, axe_source):
    for make in made.MAKERS.values():
        make()
    paths = pages(client_of("admin"), IN_INVENTORY.match)
    assert len(paths) == 1 + 5 * len(KINDS)
    one = as_role("admin")
    assert found_on(one, axe_source, paths) == {}
    assert one.refusals == []


def test_pages_that_a_reader_may_not_open_or_finds_empty(as_role, client_of, axe_source):
    one = as_role("viewer")
    empty = ["/", "/sites/", "/readiness/", "/telemetry/", "/inventory/", "/inventory/devices/", "/history/"]
    empty += ["/waivers/", "/waivers/ageing/", "/readiness/campaigns/"]
    empty += ["/readiness/gap/", "/readiness/worklist/"]
    empty += ["/readiness/reviews/", "/readiness/reviews/approvers/", "/tradeoffs/workloads/"]
    refused = [reverse("users"), reverse("source-add"), reverse("device-add"), reverse("waiver-request")]
    refused += [
        reverse("campaign-add"),
        reverse("review-open"),
        reverse("approver-add"),
        reverse("workload-add"),
    ]
    empty += ["/tradeoffs/factors/", "/tradeoffs/latencies/", "/tradeoffs/rates/", "/decisions/"]
    refused += [reverse("site-factor-add"), reverse("factors-import"), reverse("factor-hours-add")]
    refused += [reverse("decision-new")]
    assert found_on(one, axe_source, [*empty, *refused]) == {}
    assert one.refusals == []


def test_djangos_admin_keeps_to_the_policy(as_role, client_of):
    one = as_role("admin")
    assert one.open("/admin/").locator("h1").inner_text()
    one.open(reverse("admin:inventory_site_add"))
    assert one.refusals == []
