"""A plan of the operator's records for each check: which value was recorded on which day, and why.

Pure and deterministic: a value depends on the data file, the site, the sub-measure and the day.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from readiness.demo.core.plan import SitePlan, book

DAILY = "day"


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A value of a sub-measure, in its unit, recorded `days_ago` days before the demo is loaded (negative: after it).

    `attested_by` is empty for a recorded fact; `attester` is the login of that person, if they have one. An attestation
    that `waits` is left for somebody to confirm.
    """

    check: str
    part: str
    value: float
    days_ago: int
    source: str
    attested_by: str = ""
    note: str = ""
    is_daily: bool = False
    attester: str = ""
    waits: bool = False


def proved_since(site: str, check: str) -> int | None:
    """Number of days since runs prove the check at the site; None if they do not."""
    run_book = book("runs")
    return cast("int | None", run_book["since"].get(site)) if check in run_book["checks"] else None


def limits(site: SitePlan, record_book: Mapping[str, Any]) -> dict[str, float]:
    limit_by_id = {
        limit_id: _limit(site, stated_value) for limit_id, stated_value in record_book["limits"].items()
    }
    return {limit_id: value for limit_id, value in limit_by_id.items() if value is not None}


def records(
    site: SitePlan, record_book: Mapping[str, Any], *, first: int, last: int, daily: Collection[int]
) -> tuple[PlannedRecord, ...]:
    """Return the records from `first` to `last` days ago, both included, oldest first.

    `daily` holds the ages at which the nightly jobs wrote; a demo of 18 months does not need every night.
    """
    all_records = [
        record
        for check, row in _check_rows(record_book)
        if _concerns(row, site)
        for record in _check_records(site, record_book, check, row, daily=daily, until=last)
        if last <= record.days_ago <= first
    ]
    return tuple(sorted(all_records, key=lambda record: (-record.days_ago, record.check, record.part)))


def _check_rows(record_book: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from record_book["routine"].items()
    for check, row in record_book["nightly"].items():
        yield check, {"every": DAILY, **row}


def _concerns(row: Mapping[str, Any], site: SitePlan) -> bool:
    profiles = set(row.get("profiles", site.facts["profiles"]))
    fabrics = row.get("fabrics", [site.fabric.kind])
    return bool(profiles & set(site.facts["profiles"])) and site.fabric.kind in fabrics


def _check_records(
    site: SitePlan,
    record_book: Mapping[str, Any],
    check: str,
    row: Mapping[str, Any],
    *,
    daily: Collection[int],
    until: int,
) -> Iterator[PlannedRecord]:
    began = _began(site, record_book, check)
    if began is None:
        return
    # From then on, runs or documents prove the check.
    until = max(until, proved_since(site.name, check) or until, row.get("until", until))
    regular = _ages(began, row["every"], daily, until)
    for part, stated_value in row["parts"].items():
        turns = [each for each in record_book["otherwise"] if _is_about(each, site, check, part)]
        moved = {each["from"] for each in turns} | {each.get("to", -1) for each in turns}
        ages = {*regular, *(age for age in moved if until <= age <= began)}
        newest = min((age for age in ages if age >= 0), default=None)
        for age in sorted(ages, reverse=True):
            turn = next((each for each in turns if each.get("to", -1) < age <= each["from"]), None)
            value = _value(site, record_book, turn["value"] if turn else stated_value, f"{check}/{part}", age)
            if value is not None:
                yield PlannedRecord(
                    check=check,
                    part=part,
                    value=value,
                    days_ago=age,
                    source=row["source"].format(site=site.name),
                    attested_by=row.get("attested_by", ""),
                    note=turn["why"] if turn else "",
                    is_daily=row["every"] == DAILY,
                    attester=row.get("attester", ""),
                    waits=age == newest and [site.name, check, part] in record_book["unconfirmed"],
                )


def _is_about(turn: Mapping[str, Any], site: SitePlan, check: str, part: str) -> bool:
    return bool((turn["site"], turn["check"], turn["part"]) == (site.name, check, part))


def _began(site: SitePlan, record_book: Mapping[str, Any], check: str) -> int | None:
    """Days ago. The checks of a pillar start one after the other within the ramp, yesterday at the latest."""
    since = record_book["since"].get(site.name, {}).get(check.partition("-")[0])
    if since is None:
        return None
    ramp = min(record_book["ramp"], since // 2)
    return max(since - int(ramp * share(site.name, check)), 1)


def _ages(began: int, every: int | str, daily: Collection[int], until: int) -> list[int]:
    if every == DAILY:
        return [age for age in daily if until <= age <= began]
    return list(range(began, until - 1, -int(every)))


def _value(
    site: SitePlan, record_book: Mapping[str, Any], stated_value: Any, about: str, age: int
) -> float | None:
    if isinstance(stated_value, Mapping):
        limit = _limit(site, stated(record_book, stated_value["of"]))
        times = _value(site, record_book, stated_value["times"], about, age)
        return None if limit is None or times is None else round(limit * times, 2)
    if not isinstance(stated_value, list):
        return None if stated_value is None else float(stated_value)
    low, high = stated_value
    along = share(site.name, about, str(age))
    if isinstance(low, int) and isinstance(high, int):
        return float(low + int(along * (high - low + 1)))
    return round(low + along * (high - low), 2)


def stated(record_book: Mapping[str, Any], limit_id: str) -> Any:
    """A limit from the data file, for a site or for node types."""
    of_types = {
        key: value
        for row in record_book["floors"]
        if row["limit"] == limit_id
        for key, value in row["at"].items()
    }
    return of_types or record_book["limits"][limit_id]


def _limit(site: SitePlan, stated_value: Any) -> float | None:
    if not isinstance(stated_value, Mapping):
        return float(stated_value)
    if "per_it_kw" in stated_value:
        return round(stated_value["per_it_kw"] * site.it_kw, 1)
    own: Iterable[Any] = (
        stated_value[key] for key in (site.node_type.key, site.fabric.key) if key in stated_value
    )
    value = next(iter(own), None)
    return None if value is None else float(value)


def share(*names: str) -> float:
    """Return a share in [0, 1) that is always the same for the same names."""
    digest = hashlib.blake2b("/".join(names).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
