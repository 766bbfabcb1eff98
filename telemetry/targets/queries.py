"""Scrape targets as agents take them, and the sites that have as many as Muster lists."""

from dataclasses import dataclass
from typing import Annotated

from django.db.models import Count

from inventory.models import Site
from telemetry.targets.models import ScrapeTarget, read_labels

MOST_OF_SITE = 20_000
"""No further target of a site appears by itself, however many addresses a sender makes up."""


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target as Prometheus' discovery by HTTP lists it."""

    targets: Annotated[list[str], "One address, host:port."]
    labels: Annotated[dict[str, str], "Its labels, and how it is scraped: __scheme__, __metrics_path__, …"]


def target_groups(site: Site) -> list[TargetGroup]:
    """The targets of a site that stand on Muster's list for agents, in order of job and address."""
    listed = ScrapeTarget.objects.filter(site=site, listing=ScrapeTarget.Listing.AGENTS)
    return [
        TargetGroup(
            [target.address],
            {
                **read_labels(target.labels),
                "job": target.job,
                "__scheme__": target.scheme,
                "__metrics_path__": target.path,
                "__scrape_interval__": f"{target.interval_s}s",
            },
        )
        for target in listed.order_by("job", "address", "pk")
    ]


def full_sites(most: int = MOST_OF_SITE) -> list[str]:
    """The names of the sites that have at least so many targets."""
    sites = ScrapeTarget.objects.order_by("site__name").values_list("site__name")
    return [name for name, _ in sites.annotate(count=Count("pk")).filter(count__gte=most)]
