"""TLS certificates whose end a metric tells."""

from collections.abc import Iterator
from datetime import UTC, datetime
from operator import attrgetter

from inventory.models import Site
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.leads import longest_lead
from readiness.loop.alerts.dates.ahead import DateAhead
from readiness.loop.alerts.models import Alert
from telemetry.queries.snapshot import snapshot
from web.links import link

ENDS_OF_CERTIFICATES = ("probe_ssl_earliest_cert_expiry",)
"""Metrics whose values are instants, in seconds since 1970, at which a certificate ends."""
HEARD_WITHIN_S, YEAR_2100 = 86_400.0, 4_102_444_800.0


def ending_certificates(now: datetime) -> Iterator[DateAhead]:
    """One for each target, by what was read of it last. A target that is no longer read keeps its alert: its
    certificate ends whether anybody looks or not."""
    slugs = dict(Site.objects.exclude(stage=Site.Stage.RETIRED).values_list("pk", "slug"))
    readings = snapshot(slugs, ENDS_OF_CERTIFICATES, now=now).latest(within_s=HEARD_WITHIN_S, with_ended=True)
    ends = {
        (reading.site_id, str(reading.labels.get("instance", ""))): datetime.fromtimestamp(reading.value, UTC)
        for reading in sorted(readings, key=attrgetter("ts"))
        if 0 < reading.value < YEAR_2100
    }
    open_alerts = Alert.objects.open().filter(
        kind=AlertKind.CERTIFICATE, due_at__isnull=False, site__in=slugs
    )
    for site_id, target, due_at in open_alerts.values_list("site_id", "object", "due_at"):
        if due_at is not None:
            ends.setdefault((site_id, target), due_at)
    for (site_id, target), due_at in ends.items():
        if due_at <= now + longest_lead(AlertKind.CERTIFICATE):
            yield DateAhead(
                kind=AlertKind.CERTIFICATE,
                key=f"site-{site_id}-{target}"[:300],
                site_id=site_id,
                due_at=due_at,
                title=f"The certificate of {target or 'a probed target'} ends",
                detail="Renew the certificate and its chain, then reload the service.",
                url=link("site", slugs[site_id], tab="network"),
                domain="network",
                object=target,
            )
