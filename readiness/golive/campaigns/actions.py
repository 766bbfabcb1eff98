"""The one action that a row of a campaign offers its reader: what would move it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from readiness.golive.campaigns.operations import MAY_ADD, MAY_CHANGE
from readiness.golive.campaigns.queries import CampaignRow, ItemRow
from readiness.golive.models import Campaign, CampaignItem, Progress
from web.links import link
from web.outside import is_writable

MAY_PROVE = "evidence.add_validationrun"


class RowAction(NamedTuple):
    """`posts`: the button takes a step, and does not lead to a page. `subject` is what it acts on."""

    label: str
    url: str
    icon: str
    subject: str
    posts: bool = False


@dataclass(frozen=True, slots=True)
class CampaignRights:
    add: bool = False
    change: bool = False
    prove: bool = False


def rights_of(user: Any) -> CampaignRights:
    return CampaignRights(user.has_perm(MAY_ADD), user.has_perm(MAY_CHANGE), user.has_perm(MAY_PROVE))


def campaign_action(row: CampaignRow, rights: CampaignRights) -> RowAction | None:
    campaign, run = row.campaign, row.next_run
    may = rights if is_writable(campaign) else CampaignRights()
    if not campaign.is_open:
        repeat = RowAction("Repeat", link("campaign-repeat", campaign.pk), "refresh", campaign.name)
        return repeat if may.add else None
    if campaign.state == Campaign.State.PLANNED:
        start = RowAction("Start", link("campaign-start", campaign.pk), "player-play", campaign.name, True)
        return start if may.change else None
    if run is not None:
        return _run_action(run.item, campaign, run.check_name, run.progress, may)
    finish = RowAction("Finish", link("campaign-finish", campaign.pk), "check", campaign.name, True)
    return finish if may.change else None


def item_action(row: ItemRow, campaign: Campaign, rights: CampaignRights) -> RowAction | None:
    if not campaign.is_open or not is_writable(campaign):
        return None
    if row.item.is_dropped:
        url = link("campaign-item-restore", row.item.pk)
        return RowAction("Restore", url, "refresh", row.check_name, True) if rights.change else None
    return _run_action(row.item, campaign, row.check_name, row.progress, rights) if row.is_open else None


def _run_action(
    item: CampaignItem, campaign: Campaign, subject: str, progress: str, may: CampaignRights
) -> RowAction | None:
    if progress == Progress.BLOCKED:
        return RowAction("See why", link("site-check", campaign.site.slug, item.check_id), "lock", subject)
    if may.change and not item.assignee_id and not item.assigned_to:
        return RowAction("Assign", link("campaign-item-edit", item.pk), "user", subject)
    return RowAction("Import a run", import_url(item, campaign), "plus", subject) if may.prove else None


def import_url(item: CampaignItem, campaign: Campaign, devices: Sequence[str] = ()) -> str:
    """The form of a run, filled with what the item asks for."""
    fields = {"site": campaign.site.slug, "tool": item.tool, "load": item.load, "devices": ", ".join(devices)}
    return link("validation-run-add", **{name: value for name, value in fields.items() if value})
