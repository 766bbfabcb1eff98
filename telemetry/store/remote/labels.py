"""The labels by which the remote storage knows a series of Muster: the sender's own, and those that Muster adds.

A label of the sender with a name of Muster's is left out.
"""

import json
from collections.abc import Iterable
from typing import Any

from telemetry.binary import fetched
from telemetry.core.labels import NAME, key_of
from telemetry.core.remote_storage import RemoteStorage
from telemetry.core.replicas import numbers_of, sample_id, series_of

INSTALLATION, SERIES, SOURCE, SITE = "muster", "muster_series", "muster_source", "muster_site"
_LABELS = """
SELECT series.id, series.digest, series.source_id, metric, labels::text, coalesce(slug, ''), number,
    replica_label, replica.name
FROM unnest(%s::bigint[], %s::bigint[]) AS stored (id, number) JOIN telemetry_series series USING (id)
JOIN telemetry_source source ON source.id = series.source_id
LEFT JOIN telemetry_replica replica USING (source_id, number)
LEFT JOIN inventory_site site ON site.id = series.site_id
"""


def series_label(series_id: int, digest: bytes, number: int = 0) -> str:
    """The id, and a part of the digest: a restored backup may give an id to another series. Then the number of the
    replica whose samples they are."""
    replica = f"-{number}" if number else ""
    return f"{series_id}-{bytes(digest)[:4].hex()}{replica}"


def series_keys(address: RemoteStorage, sample_ids: Any) -> dict[int, bytes]:
    """The encoded labels of each series that exists, and of each replica of it, by the ids of its samples."""
    keys = {}
    stored_columns = [series_of(sample_ids), numbers_of(sample_ids)]
    for series_id, digest, source_id, metric, labels, site, number, label, replica in fetched(
        _LABELS, stored_columns
    ):
        added_labels = {
            INSTALLATION: address.name,
            SERIES: series_label(series_id, digest, number),
            SOURCE: str(source_id),
            SITE: site,
        }
        of_replica = {label: replica} if label and replica and number else {}
        keys[sample_id(series_id, number)] = key_of(
            json.loads(labels) | of_replica | added_labels | {NAME: metric}
        )
    return keys


def selector(address: RemoteStorage, label: str, values: Iterable[str]) -> str:
    """Match the series of this Muster with one of these values, which need no quoting."""
    name = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{INSTALLATION}="{name}",{label}=~"{"|".join(values)}"}}'
