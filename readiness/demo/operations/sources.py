"""The sources of the demo. All of them are simulated, and every page that shows their figures says so."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Token, User
from inventory.models import Site
from readiness.demo.core.plan import FleetPlan
from readiness.demo.core.streams import SITE_LABEL, streams
from readiness.demo.models import DemoFleet
from readiness.demo.operations.catalogue import DemoObjects
from telemetry.models import Source, SourceProvenance
from telemetry.operations import create_source, rotate_token


def write_sources(
    plan: FleetPlan, sites: Mapping[str, Site], made: DemoObjects, *, owner: User | None, now: datetime
) -> None:
    """One for each name that the plan's streams have."""
    for stream in {stream.source_name: stream for stream in streams(plan)}.values():
        source, _ = create_source(
            name=stream.source_name,
            site=None if stream.names_site else sites[stream.site.name],
            site_label=SITE_LABEL if stream.names_site else "",
            cadence_s=stream.cadence_s,
            grace_s=stream.grace_s,
            provenance=SourceProvenance.SIMULATED,
            description="Sent by the demo",
            owner=owner,
            by=None,
            now=now,
        )
        made.note([source])


@transaction.atomic
def new_tokens(fleet: DemoFleet, *, now: datetime) -> dict[str, str]:
    """A fresh token for each of the demo's sources, by the source's name; the ones before are gone.

    Only hashes of tokens are stored, so whoever starts to send cannot have the old ones again.
    """
    tokens = {}
    made = Source.objects.filter(pk__in=fleet.made.get(Source._meta.label, []))
    for source in made.select_related("token").order_by("pk"):
        before = source.token
        tokens[source.name] = rotate_token(source, by=None, now=now)
        if before is not None:
            # Every start of the sender would leave one more dead token per source.
            Token.objects.filter(pk=before.pk).delete()
    return tokens
