"""Plans what each site of the estate has and how it fares, told by its number alone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

IN_COUNTRY = {
    "PT": ("Lisboa", "Norte", "Algarve"),
    "ES": ("Galicia", "Cataluña", "Madrid"),
    "FR": ("Bretagne", "Île-de-France", "Provence"),
    "DE": ("Bayern", "Hessen", "Sachsen"),
    "IT": ("Lombardia", "Lazio", "Sicilia"),
    "SE": ("Skåne", "Svealand", "Norrland"),
    "PL": ("Masovia", "Pomerania"),
}
REGIONS = tuple(region for regions in IN_COUNTRY.values() for region in regions)
COUNTRIES = tuple(country for country, regions in IN_COUNTRY.items() for _region in regions)
"""The country of each of REGIONS, in their order."""
LEGS = ("A", "B")


class Story(StrEnum):
    """How a site fares: all that stands in its way was declared or excepted, one check fails, or nothing was done."""

    READY = "ready"
    EXCEPTED = "excepted"
    FAILING = "failing"
    HELD = "held"


STORIES = (Story.READY, Story.EXCEPTED, Story.FAILING, Story.HELD, Story.EXCEPTED, Story.FAILING, Story.HELD)


@dataclass(frozen=True, slots=True)
class EstateSite:
    number: int

    accelerators: ClassVar = range(4)
    """Numbers of the accelerators of a node."""
    node_ports: ClassVar = ("mlx5_0", "mlx5_1")
    switch_ports: ClassVar = tuple(f"Ethernet{port}" for port in range(1, 6))
    racks: ClassVar = ("R1", "R2")

    @property
    def slug(self) -> str:
        return f"site-{self.number:04}"

    @property
    def name(self) -> str:
        return f"{REGIONS[self.region]} {self.number:04}"

    @property
    def region(self) -> int:
        return self.number % len(REGIONS)

    @property
    def country(self) -> str:
        return COUNTRIES[self.region]

    @property
    def story(self) -> Story:
        return STORIES[self.number % len(STORIES)]

    @property
    def nodes(self) -> list[str]:
        """Four to eight of them."""
        return [f"s{self.number:04}-n{node}" for node in range(1, 5 + self.number % 5)]

    @property
    def switches(self) -> list[str]:
        return [f"s{self.number:04}-leaf{leaf}" for leaf in (1, 2)]

    @property
    def feeds(self) -> list[tuple[str, str]]:
        """Rack and leg."""
        return [(rack, leg) for rack in self.racks for leg in LEGS]

    def pdu(self, rack: str, leg: str) -> str:
        return f"s{self.number:04}-pdu-{rack.lower()}{leg.lower()}"

    @property
    def ups(self) -> str:
        return f"s{self.number:04}-ups"

    @property
    def air(self) -> str:
        return f"s{self.number:04}-crah"

    @property
    def loop(self) -> str:
        """The liquid cooling unit of every second site, else empty."""
        return f"s{self.number:04}-cdu" if self.number % 2 else ""

    @property
    def it_kw(self) -> float:
        return 12.0 * len(self.nodes)

    @property
    def contracted_kw(self) -> float:
        return 2 * self.it_kw


def plans(count: int) -> list[EstateSite]:
    return [EstateSite(number) for number in range(1, count + 1)]
