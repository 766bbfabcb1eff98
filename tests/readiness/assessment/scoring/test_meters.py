"""Figures of `/metrics` about sites and sources: how many are in which state now."""

from datetime import timedelta

import pytest

from telemetry import operations
from tests.readiness.assessment.scoring import stored

pytestmark = pytest.mark.django_db


def test_sites_domains_and_sources_are_counted_by_state(client_of, frozen_now, django_assert_max_num_queries):
    porto, lagos = stored.site("ready", name="Porto"), stored.site("not-ready", name="Lagos")
    stored.site("", name="Faro")
    stored.health(porto, "energy", "ok", blind_at=frozen_now.at - timedelta(minutes=1))
    stored.health(lagos, "energy", "critical")
    operations.create_source(site=porto, name="Prometheus", by=None, now=frozen_now.at)
    ops = client_of("ops")
    ops.get("/metrics")
    with django_assert_max_num_queries(29):
        text = ops.get("/metrics").content.decode()
    for line in (
        'muster_sites{verdict="ready"} 1.0',
        'muster_sites{verdict="not-ready"} 1.0',
        'muster_sites{verdict="none"} 1.0',
        'muster_site_domains{domain="energy",health="unknown"} 1.0',
        'muster_site_domains{domain="energy",health="critical"} 1.0',
        'muster_telemetry_sources{state="waiting"} 1.0',
    ):
        assert line in text.splitlines()
