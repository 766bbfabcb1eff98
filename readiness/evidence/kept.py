"""Values that were read or worked out last for each site, kept for where nothing changed since."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

SITES = 200
"""As many as are evaluated at once; one takes some 200 kB. Each process keeps its own."""


class KeptBySite[Value]:
    def __init__(self) -> None:
        self._lock = Lock()
        self._values: OrderedDict[int, Value] = OrderedDict()

    def get(self, site_id: int) -> Value | None:
        with self._lock:
            return self._values.get(site_id)

    def keep(self, site_id: int, value: Value) -> None:
        with self._lock:
            self._values[site_id] = value
            self._values.move_to_end(site_id)
            while len(self._values) > SITES:
                self._values.popitem(last=False)
