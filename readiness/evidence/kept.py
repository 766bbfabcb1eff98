"""Values that were worked out last for each site, kept for where nothing changed since."""

from threading import Lock

SITES = 1000
"""A process keeps the values of this many sites, each some 80 kB for 50 runs, and works the others out each time."""


class KeptBySite[Value]:
    """Keeps the sites that came first: sites are evaluated in turn, so that dropping the oldest would drop them all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[int, Value] = {}

    def get(self, site_id: int) -> Value | None:
        return self._values.get(site_id)

    def keep(self, site_id: int, value: Value) -> None:
        with self._lock:
            if site_id in self._values or len(self._values) < SITES:
                self._values[site_id] = value
