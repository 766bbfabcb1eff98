"""A threshold is raised in a draft: the dry-run lists exactly the sites that drop, and publishing does just that."""

import pytest

from inventory.models import SiteChange
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, Flip, ScorePoint, SiteScore
from readiness.boards.dry_run import operations
from readiness.boards.models import DryRun

pytestmark = pytest.mark.django_db


def verdicts():
    return dict(SiteScore.objects.values_list("site__slug", "verdict"))


def test_from_the_draft_to_the_flips_and_back(plants, stricter, planner, manager, frozen_now):
    assert set(verdicts().values()) == {"ready"}
    stored = list(CheckResult.objects.order_by("pk").values())

    run = operations.start(stricter, by=planner, now=frozen_now.at)
    assert (run.state, run.sites_done, run.sites_total) == (DryRun.State.DONE, 3, 3)
    [dropped] = run.result["sites"]
    assert (dropped["site"], dropped["from"], dropped["to"]) == ("plant70", "ready", "not-ready")
    [check] = dropped["responsible"]
    [part] = check["parts"]
    assert (check["check"], check["before"], check["after"]) == ("p2-backup-power", "pass", "fail")
    assert (part["part"], part["threshold_before"], part["threshold_after"], part["value"]) == (
        "output-load", "≤ 80 %", "≤ 65 %", 70,
    )  # fmt: skip
    assert run.result["bands"] == {
        "before": {"ready": {"sites": 3, "it_kw": 240, "accelerators": 6}},
        "after": {
            "ready": {"sites": 2, "it_kw": 160, "accelerators": 4},
            "not-ready": {"sites": 1, "it_kw": 80, "accelerators": 2},
        },
    }
    assert [(one["check"], one["sites"]) for one in run.result["checks"]] == [("p2-backup-power", 1)]
    # It looked, and wrote nothing of any site.
    assert list(CheckResult.objects.order_by("pk").values()) == stored

    yesterday = ScorePoint.objects.get(site__slug="plant70")
    frozen_now.move(hours=24)
    for plant in plants.values():
        plant.send()
    frozen_now.move(minutes=1)
    scoring.evaluate(site_ids=[plant.site.pk for plant in plants.values()], now=frozen_now.at)
    SiteChange.objects.all().delete()
    operations.start(stricter, by=planner, now=frozen_now.at)
    operations.publish(
        stricter, digest=stricter.digest, note="After the outage", by=manager, now=frozen_now.at
    )
    assert set(SiteChange.objects.values_list("site__slug", "origin")) == {
        (slug, "framework") for slug in ("plant50", "plant60", "plant70")
    }

    frozen_now.move(seconds=3)
    assert scoring.rescore_changed(now=frozen_now.at) == 3
    assert verdicts() == {"plant50": "ready", "plant60": "ready", "plant70": "not-ready"}
    flips = Flip.objects.filter(at=frozen_now.at)
    assert set(flips.values_list("site__slug", "subject", "cause", "framework_version__version")) == {
        ("plant70", "verdict", "rule", stricter.version),
        ("plant70", "check", "rule", stricter.version),
        ("plant70", "part", "rule", stricter.version),
    }
    # What was decided before keeps the version that decided it.
    yesterday.refresh_from_db()
    assert (yesterday.verdict, yesterday.framework_version.version) == ("ready", "small-1")
    assert set(CheckResult.objects.values_list("framework_version__version", flat=True)) == {stricter.version}
    assert set(
        Flip.objects.filter(at__lt=frozen_now.at).values_list("framework_version__version", flat=True)
    ) == {"small-1"}
