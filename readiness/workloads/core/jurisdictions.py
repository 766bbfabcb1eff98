"""Names of jurisdictions: countries by ISO 3166-1 alpha-2, and groups of countries. What the law says is not here.

The countries are the officially assigned codes of ISO 3166-1. The EU is its 27 member states, the EEA those with
Iceland, Liechtenstein and Norway (Agreement on the European Economic Area, Article 2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_CODES.split())
_EU_CODES = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
_EU = frozenset(_EU_CODES.split())
WORLD = "WORLD"
GROUPS: Mapping[str, frozenset[str]] = {
    "EU": _EU,
    "EEA": _EU | {"IS", "LI", "NO"},
    WORLD: COUNTRIES,
}
"""Countries by name of the group. WORLD says that any country will do, which is not the same as having said nothing."""
CODES = tuple(sorted(GROUPS)) + tuple(sorted(COUNTRIES))
LONGEST_CODE = max(map(len, CODES))


def countries_of(codes: Collection[str]) -> frozenset[str]:
    """All countries that the codes stand for; a code that is not known stands for none."""
    found: set[str] = set()
    for code in codes:
        found |= GROUPS.get(code, {code} & COUNTRIES)
    return frozenset(found)


def unknown_codes(codes: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code not in CODES)
