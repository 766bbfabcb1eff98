"""Paths whose medians are alike and whose tails are not, from files to the page of the check."""

from datetime import timedelta

import pytest

from readiness.assessment.evidence.operations import RunContext, declare_limit, import_run
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.repeated import GBPS, connect

pytestmark = pytest.mark.django_db
CHECK = "p1-latency-under-load"


@pytest.fixture
def site_with(frozen_now):
    """A site with a path that was measured so often idle and loaded, at these percentiles."""

    def one(slug, *, p50, p99, p999, idle, loaded):
        site = made.site(name=slug.capitalize(), slug=slug, profiles=["training"])
        nodes = [made.device(site=site, name=f"{slug}-{number}") for number in (1, 2)]
        connect(nodes)
        for load, times in (("idle", idle), ("loaded", loaded)):
            for repeat in range(times):
                tail = {"p50": p50, "p99": p99, "p999": p999} if load == "loaded" else {}
                import_run(
                    site=site,
                    tool="perftest",
                    content=outputs.latency(**tail, mark=f"{slug} {load} {repeat}"),
                    file_name="lat.log",
                    by=None,
                    now=frozen_now.at,
                    context=RunContext(
                        load=load,
                        load_gbps=0.8 * GBPS if load == "loaded" else None,
                        devices=nodes,
                        taken_at=frozen_now.at - timedelta(minutes=repeat),
                    ),
                )
        limit = {"limit": "fabric-latency", "value": 6, "source": "envelope", "by": None}
        declare_limit(site=site, declared_on=frozen_now.at.date(), now=frozen_now.at, **limit)
        return site

    return one


def test_of_two_equal_medians_the_one_with_the_tail_fails_and_the_page_says_why(
    site_with, client_of, frozen_now
):
    times = {"p50": 2.0, "idle": 1, "loaded": 20}
    calm = site_with("calm", p99=3.0, p999=5.0, **times)
    wild = site_with("wild", p99=8.0, p999=9.5, **times)
    evaluate(site_ids=[calm.pk, wild.pk], now=frozen_now.at)
    states = dict(CheckResult.objects.filter(check_id=CHECK).values_list("site__slug", "state"))
    assert states == {"calm": "pass", "wild": "fail"}
    page = client_of("viewer").get(f"/sites/wild/checks/{CHECK}/").content.decode()
    assert "worst path: 8 µs (wild-1 to wild-2, named by the sender) is above the limit of 6 µs." in page


def test_a_path_that_was_never_loaded_is_unknown_and_the_page_says_why(site_with, client_of, frozen_now):
    site = site_with("idle", p50=2.0, p99=3.0, p999=5.0, idle=2, loaded=0)
    evaluate(site_ids=[site.pk], now=frozen_now.at)
    assert CheckResult.objects.get(site=site, check_id=CHECK).state == "unknown"
    page = client_of("viewer").get(f"/sites/idle/checks/{CHECK}/").content.decode()
    assert "No run was made under background load" in page
