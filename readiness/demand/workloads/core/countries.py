"""Names of jurisdictions: countries by ISO 3166-1 alpha-2, and groups of countries. What the law says is not here.

The EU is its 27 member states, the EEA those with Iceland, Liechtenstein and Norway (Agreement on the European Economic
Area, Article 2).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from web import yaml_documents

_DATA = Path(__file__).resolve().parent.parent / "data" / "countries.yaml"
COUNTRIES: Mapping[str, str] = yaml_documents.read(_DATA.read_text(encoding="utf-8"))
_EU_CODES = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
_EU = frozenset(_EU_CODES.split())
WORLD = "WORLD"
GROUPS: Mapping[str, frozenset[str]] = {
    "EU": _EU,
    "EEA": _EU | {"IS", "LI", "NO"},
    WORLD: frozenset(COUNTRIES),
}
"""Countries by group name. WORLD means that any country is allowed, which differs from an empty list."""
CODES = tuple(sorted(GROUPS)) + tuple(sorted(COUNTRIES))
LONGEST_CODE = max(map(len, CODES))


def countries_of(codes: Collection[str]) -> frozenset[str]:
    countries: set[str] = set()
    for code in codes:
        countries |= GROUPS.get(code, {code} & COUNTRIES.keys())
    return frozenset(countries)


def unknown_codes(codes: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code not in CODES)
