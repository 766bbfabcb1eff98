"""A batch that a drain claimed."""

from dataclasses import dataclass
from datetime import datetime

from telemetry.core.columns import SampleColumns


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """`was_held` is true where the batch, or the body that it is a part of, has been looked at before."""

    id: int
    source_id: int
    received_at: datetime
    columns: SampleColumns
    replica: str = ""
    was_held: bool = False
