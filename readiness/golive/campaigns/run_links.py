"""The form of a run with what a campaign knows of it filled in."""

from collections.abc import Sequence
from dataclasses import dataclass

from readiness.golive.campaigns.planning import RunTarget
from readiness.golive.campaigns.queries import Targets
from readiness.golive.models import CampaignItem
from web.links import link

SHOWN = 60
"""Targets that are listed with a link each; a site with more is done with a script, not by hand."""


@dataclass(frozen=True, slots=True)
class RunTargets:
    """The things that an item's runs are made on: the first by name, each with the form of its run, and how many."""

    shown: list[tuple[str, str]]
    more: int
    runs: int


def import_url(item: CampaignItem, slug: str, devices: Sequence[str] = ()) -> str:
    filled = {"site": slug, "tool": item.tool, "load": item.load, "devices": ", ".join(devices)}
    return link("validation-run-add", **{name: value for name, value in filled.items() if value})


def run_targets(item: CampaignItem, slug: str, targets: Targets) -> RunTargets:
    shown = [(name, import_url(item, slug, _devices(targets.kind, name))) for name in targets.names[:SHOWN]]
    return RunTargets(shown, max(targets.count - SHOWN, 0), targets.count * item.repeats)


def _devices(kind: RunTarget, name: str) -> Sequence[str]:
    match kind:
        case RunTarget.PAIR | RunTarget.PATH:
            return name.split(" – ")
        case RunTarget.NODE:
            return [name]
        case RunTarget.PORT:
            return [name.rsplit(" ", 1)[0]]
    return ()
