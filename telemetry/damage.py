"""Tells of blocks of samples that cannot be read any more. What else is stored is served."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from telemetry import store
from web import units
from web.notices import StatusNotice

# A damaged disk has many.
MOST_COUNTED = 1_000


def notices(now: datetime) -> Iterator[StatusNotice]:
    lost = store.lost_blocks(most=MOST_COUNTED)
    if lost:
        yield StatusNotice("damage", sentence(len(lost)), link=reverse("ingest"))


def sentence(count: int) -> str:
    least = "At least " if count == MOST_COUNTED else ""
    blocks = units.how_many(count, "block of samples", "blocks of samples")
    return (
        f"{least}{blocks} cannot be read, because stored bytes have changed. Everything else is served. Look at the"
        " disk: more may follow."
    )
