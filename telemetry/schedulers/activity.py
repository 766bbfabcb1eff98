"""How busy GPUs were: one line for each GPU, whatever number of series its exporter makes of it."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from telemetry.core.registry import registry
from telemetry.core.rows import WindowMeans

ACTIVITY_METRICS = ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_GPU_UTIL", "gpu_gfx_activity")
"""The share of time in which a GPU worked, best first."""


def activity_by_device(rows: Iterable[WindowMeans]) -> dict[int, dict[int, NDArray[np.float64]]]:
    """The share of time, 0 to 1, in which each accelerator of a device worked, by its best metric.

    Instances of a GPU (MIG) and pods that follow one another on it have a series each: of these, the busiest counts in
    each window.
    """
    lines: dict[int, dict[int, NDArray[np.float64]]] = defaultdict(dict)
    metrics: dict[int, str] = {}
    activity = [row for row in rows if row.metric in ACTIVITY_METRICS]
    for row in sorted(activity, key=lambda row: (ACTIVITY_METRICS.index(row.metric), row.series_id)):
        if row.device_id is None or row.accelerator_id is None:
            continue
        if metrics.setdefault(row.accelerator_id, row.metric) != row.metric:
            continue
        line = lines[row.device_id].get(row.accelerator_id)
        share = _share(row)
        lines[row.device_id][row.accelerator_id] = share if line is None else np.fmax(line, share)
    return lines


def _share(row: WindowMeans) -> NDArray[np.float64]:
    metric = registry().get(row.metric, row.labels)
    return row.values / 100 if metric is not None and metric.unit == "%" else row.values
