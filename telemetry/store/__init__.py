"""Samples and roll-ups. Their tables are named in this folder alone; everybody else appends and reads columns.

`run` answers one structured query (`telemetry.core.spec`); the other functions read for many sites at once.
"""

from telemetry.store.appending import append, erase
from telemetry.store.blocks import SampleArrays
from telemetry.store.checking import LostBlock, lost_blocks
from telemetry.store.copies import make_copy, publish_rollups
from telemetry.store.forwarding import (
    RefusedSamples,
    WaitingSamples,
    is_full,
    refused_samples,
    waiting_samples,
)
from telemetry.store.lines import SITE, SeriesPoints, poorest
from telemetry.store.partitions import oldest_sample_kept
from telemetry.store.partitions import spared as spared_partitions
from telemetry.store.parts import FIVE_MINUTES_S, grid_for
from telemetry.store.postgres import run
from telemetry.store.raw import readings_in_spans, samples
from telemetry.store.reach import MOST_BEHIND, hours_rolled_up_to, rolled_up_to
from telemetry.store.reading import (
    newest,
    newest_by_hours,
    ranges,
    rises,
    sampled_instants,
    sketches,
    windows,
)
from telemetry.store.remote.connection import RemoteStorageUnavailable
from telemetry.store.remote.reading import remote_until_ms
from telemetry.store.rolling import LOOK_BACK, write_five_minutes, write_hour
from telemetry.store.upkeep import keep as keep_partitions
from telemetry.store.upkeep import pack as pack_samples
