"""Figures of `/metrics` that name sites and sources: enough to route an alert, and not more than the setting allows."""

import pytest
from django.test import override_settings

from telemetry import operations
from telemetry.models import Rejection, SourceState, SourceStatus
from tests.readiness.assessment.scoring import stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def scrape(client_of):
    client = client_of("ops")
    return lambda: client.get("/metrics").content.decode().splitlines()


@pytest.fixture
def two_sites(frozen_now):
    lagos = stored.site("not-ready", name="Lagos", slug="lagos", kw=400.0, owner="West Africa")
    porto = stored.site("ready", name="Porto", slug="porto", kw=900.0)
    stored.health(lagos, "energy", "critical")
    stored.result(lagos, "p2-power-headroom", "fail", gate="BLOCK")
    stored.result(lagos, "p5-fabric-health", "pass", gate="COND")
    source, *_ = operations.create_source(site=lagos, name="dcgm", by=None, now=frozen_now.at)
    SourceStatus.objects.filter(source=source).update(
        state=SourceState.SILENT, last_sample_at=frozen_now.at, last_received_at=frozen_now.at
    )
    Rejection.objects.create(
        source=source, on_date=frozen_now.at.date(), reason="too_old", count=12, last_at=frozen_now.at
    )
    return lagos, porto


def test_each_site_and_source_is_named(two_sites, scrape, frozen_now):
    lines = scrape()
    region = two_sites[0].region.name
    for line in (
        f'muster_site_info{{name="Lagos",owner="West Africa",region="{region}",site="lagos",stage="production"}} 1.0',
        'muster_site_verdict{site="lagos",verdict="not-ready"} 1.0',
        'muster_site_verdict{site="porto",verdict="ready"} 1.0',
        'muster_site_capacity_kw{figure="gap",site="lagos"} 400.0',
        'muster_site_capacity_kw{figure="gap",site="porto"} 0.0',
        'muster_site_domain_health{domain="energy",health="critical",site="lagos"} 1.0',
        'muster_site_check{check="p2-power-headroom",gate="BLOCK",site="lagos",state="fail"} 1.0',
        'muster_telemetry_source_state{site="lagos",source="dcgm",state="silent"} 1.0',
        'muster_telemetry_source_refused_today{reason="too_old",site="lagos",source="dcgm"} 12.0',
        "muster_metrics_sites_unnamed 0.0",
    ):
        assert line in lines, [each for each in lines if each.startswith(line.partition("{")[0])]
    assert not any("p5-fabric-health" in line for line in lines)


@override_settings(METRICS_SITES=1)
def test_the_setting_bounds_what_is_named(two_sites, scrape):
    lines = scrape()
    assert "muster_metrics_sites_unnamed 1.0" in lines
    assert not any("porto" in line for line in lines)


@override_settings(METRICS_SITES=0)
def test_totals_stand_without_names(two_sites, scrape):
    lines = scrape()
    assert 'muster_sites{verdict="ready"} 1.0' in lines
    assert not any("lagos" in line or "dcgm" in line for line in lines)


def test_statements_do_not_grow_with_the_fleet(two_sites, scrape, django_assert_max_num_queries):
    scrape()
    for place in range(5):
        stored.health(stored.site("ready", name=f"Site {place}"), "energy", "warn")
    with django_assert_max_num_queries(30):
        scrape()
