"""Shares of suppliers as people enter them."""

import re

_SHARE = re.compile(r"(?P<name>\S.*?)\s+(?P<percent>\d+(?:\.\d+)?)\s*%?")
_ROUNDING = 1.0
"""How far the percents of all may be from 100."""


def shares_of(text: str) -> dict[str, float]:
    """`diesel 80, gas 20` as percents by name. Raises ValueError with a sentence."""
    shares: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        matched = _SHARE.fullmatch(part)
        if matched is None:
            raise ValueError(f"“{part}” is no name with a percent, such as diesel 80.")
        if matched["name"] in shares:
            raise ValueError(f"{matched['name']} stands there twice.")
        shares[matched["name"]] = float(matched["percent"])
    if shares and abs(sum(shares.values()) - 100) > _ROUNDING:
        raise ValueError(f"The percents make {sum(shares.values()):g}, not 100.")
    return shares
