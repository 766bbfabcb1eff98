"""What is stored of a site does not depend on who asked for it, and what compares all sites is for whoever sees all."""

import pytest

from readiness.assessment.framework import operations as frameworks
from readiness.assessment.framework import queries
from readiness.assessment.scoring.models import SiteScore
from readiness.boards.models import DryRun
from telemetry.models import Source

OUTSIDE = "lie outside your scope: it belongs to the whole installation."


@pytest.fixture
def limit(user_of):
    def to(role, slug):
        user_of(role).access_scopes.create(kind="site", slug=slug)

    return to


def test_a_site_is_evaluated_on_all_that_is_known_whoever_asks(well, limit, api_of):
    """Its samples come from a source of many sites, whose state a reader with scopes does not see."""
    Source.objects.update(site=None, site_label="site")
    newest = well.evaluate().score.newest_sample_at
    assert newest is not None
    SiteScore.objects.update(newest_sample_at=None)
    limit("ops", well.site.slug)
    answer = api_of("ops").post("/api/readiness/scores/evaluate/", {"site": well.site.slug})
    assert answer.status_code == 200, answer.content
    assert well.score.newest_sample_at == newest


def test_a_portfolio_is_asked_for_by_whoever_sees_all_sites(chat, limit, api_of):
    limit("planner", "porto")
    refused = api_of("planner").post(
        "/api/tradeoffs/portfolios/", {"weights": {"cost": 1, "carbon": 1}, "points": 3}
    )
    assert (refused.status_code, OUTSIDE in refused.json()["detail"]) == (403, True)


@pytest.mark.django_db
def test_a_dry_run_is_asked_for_by_whoever_sees_all_sites(limit, user_of, client_of, frozen_now):
    draft = frameworks.make_draft(made_from=queries.current()[0], by=user_of("planner"), now=frozen_now.at)
    limit("planner", "porto")
    refused = client_of("planner").post(f"/readiness/framework/{draft.pk}/dry-run/start/")
    assert (refused.status_code, OUTSIDE in refused.text) == (403, True)
    assert not DryRun.objects.exists()
