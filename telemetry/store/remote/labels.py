"""The labels by which the remote storage knows a series of Muster: the sender's own, and those that Muster adds.

A label of the sender with a name of Muster's is left out.
"""

import json
from collections.abc import Iterable
from typing import Any

from telemetry.binary import fetched
from telemetry.core.labels import NAME, key_of
from telemetry.core.remote_storage import RemoteStorage

INSTALLATION, SERIES, SOURCE, SITE = "muster", "muster_series", "muster_source", "muster_site"
_LABELS = """
SELECT series.id, series.digest, series.source_id, metric, labels::text, coalesce(slug, '')
FROM telemetry_series series LEFT JOIN inventory_site site ON site.id = series.site_id WHERE series.id = ANY(%s)
"""


def series_label(series_id: int, digest: bytes) -> str:
    """The id, and a part of the digest: a restored backup may give an id to another series."""
    return f"{series_id}-{bytes(digest)[:4].hex()}"


def series_keys(address: RemoteStorage, series_ids: Any) -> dict[int, bytes]:
    """The encoded labels of each series that exists."""
    keys = {}
    for series_id, digest, source_id, metric, labels, site in fetched(_LABELS, [series_ids]):
        own = {
            INSTALLATION: address.name,
            SERIES: series_label(series_id, digest),
            SOURCE: str(source_id),
            SITE: site,
        }
        keys[series_id] = key_of(json.loads(labels) | own | {NAME: metric})
    return keys


def selector(address: RemoteStorage, label: str, values: Iterable[str]) -> str:
    """Match the series of this Muster with one of these values, which need no quoting."""
    name = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{INSTALLATION}="{name}",{label}=~"{"|".join(values)}"}}'
