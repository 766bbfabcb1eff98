"""A dry-run judges runs under the draft: what it moves to cap those whose device only their sender names."""

import pytest
from django.utils import timezone

from inventory.models import Device
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import RunContext, import_run
from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, Flip
from readiness.boards.dry_run import operations
from tests.inventory import made
from tests.readiness.assessment.evidence.core import trap_outputs

pytestmark = pytest.mark.django_db
DIAGNOSTIC = "p1-accelerator-diag"


@pytest.fixture
def site(frozen_now):
    """A production site with one node, whose diagnostic passes; its file names no host."""
    frozen_now.at = timezone.now()
    site = made.site(name="Porto", slug="porto", stage="production")
    kind = made.device_type(slug="dgx", kind="node")
    node = made.device(site=site, name="node-1", device_type=kind, role=Device.Role.NODE, serial="CH 1")
    for index in (0, 1):
        made.accelerator(device=node, index=index, serial=f"node-1 {index}")
    context = RunContext(devices=[node])
    import_run(
        site=site, tool="dcgm-diag", content=trap_outputs.DIAG, file_name="diag.json", by=None,
        now=frozen_now.at, context=context,
    )  # fmt: skip
    assert ValidationRun.objects.get().sender_named
    scoring.evaluate(site_ids=[site.pk], now=frozen_now.at)
    return site


def result(site):
    return CheckResult.objects.get(site=site, check_id=DIAGNOSTIC)


def test_capping_runs_that_only_their_sender_names(site, planner, manager, frozen_now):
    assert (result(site).state, result(site).tier) == ("pass", "measured")
    in_force = framework_queries.current()[0]
    draft = framework_operations.make_draft(made_from=in_force, by=planner, now=frozen_now.at)
    draft = framework_operations.edit(
        draft,
        lambda definition: {**definition, "sender_named": "warn"},
        revision=1,
        by=planner,
        now=frozen_now.at,
    )

    run = operations.start(draft, by=planner, now=frozen_now.at)
    moved = [(each["check"], each["from"], each["to"], each["sites"]) for each in run.result["checks"]]
    assert (DIAGNOSTIC, "pass", "warn", 1) in moved
    assert result(site).state == "pass"

    operations.publish(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    frozen_now.move(seconds=5)
    scoring.evaluate(site_ids=[site.pk], now=frozen_now.at)
    flip = Flip.objects.get(site=site, key=DIAGNOSTIC, subject="check", to_state="warn")
    assert (flip.cause, result(site).tier) == ("rule", "capped")
    assert "whose device only its sender names" in flip.reason
