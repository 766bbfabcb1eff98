"""Sentences about campaigns: the time left, what a run is, what an item waits for."""

from datetime import datetime

from readiness.evidence.core.proving.floors import size_text
from readiness.golive.campaigns.queries import CampaignRow, ItemRow
from readiness.golive.models import Progress
from web.ages import ago


def left(row: CampaignRow, now: datetime) -> str:
    if row.days_left is None:
        return ago(row.campaign.ended_at, now=now)
    if row.days_left < 0:
        return f"{-row.days_left} d over"
    return f"in {row.days_left} d" if row.days_left else "today"


def why(row: ItemRow) -> str:
    if row.progress == Progress.DONE:
        return ""
    return " ".join(each for each in (row.reason, row.standing.detail) if each)


def run_words(row: ItemRow) -> str:
    """`nccl-tests, 16 GiB`, `perftest, with background load, 20 times`."""
    item = row.item
    phrases = [
        str(item.get_tool_display()),
        size_text(item.size_bytes) if item.size_bytes else "",
        str(item.get_load_display()).lower() if item.load else "",
        f"{item.repeats} times" if item.repeats > 1 else "",
    ]
    return ", ".join(filter(None, phrases))
