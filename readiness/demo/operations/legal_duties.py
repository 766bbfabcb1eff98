"""Registers of duties, certificates and energy figures of the demo's operator."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from inventory.models import Site
from readiness.assessment.duties.models import Certificate, DutyEntry, DutyProfile, EnergyFigure, LegalDuty
from readiness.assessment.duties.operations import keep_registers
from readiness.demo.core.plan import book
from readiness.demo.operations.made import DemoObjects, written
from readiness.organisation.people.models import Team


def write_legal_duties(
    sites: Mapping[str, Site], teams: Mapping[str, Team], objects: DemoObjects, *, now: datetime
) -> None:
    """The rules fill the registers; somebody keeps those of a few sites, where all that applies has an owner."""
    duty_book = book("duties")
    written(LegalDuty, duty_book["legal_duties"], objects)
    registers = [row for row in duty_book["registers"] if row["site"] in sites]
    DutyProfile.objects.bulk_create(
        DutyProfile(
            site=sites[row["site"]], it_kw=row["it_kw"], sectors=row["sectors"], source="Asset register"
        )
        for row in registers
    )
    keep_registers(now=now)
    for row in registers:
        DutyEntry.objects.filter(site=sites[row["site"]]).update(owner=teams[row["owner"]])
    for row in duty_book["duties"]:
        if row["site"] in sites:
            site = sites[row["site"]]
            DutyEntry.objects.filter(site=site, duty__slug=row["duty"]).update(**_columns(row, site, now))
    Certificate.objects.bulk_create(
        _certificate(row, sites[row["site"]], teams, now)
        for row in duty_book["certificates"]
        if row["site"] in sites
    )
    EnergyFigure.objects.bulk_create(
        EnergyFigure(**row | {"site": sites[row["site"]], "year": now.year - 1})
        for row in duty_book["figures"]
        if row["site"] in sites
    )


def _columns(row: Mapping[str, Any], site: Site, now: datetime) -> dict[str, Any]:
    columns = {key: row[key] for key in ("proof", "note") if key in row}
    days = {"due": "due_on", "filed": "filed_on"}
    return columns | {column: _day(row[key], site, now) for key, column in days.items() if key in row}


def _certificate(row: Mapping[str, Any], site: Site, teams: Mapping[str, Team], now: datetime) -> Certificate:
    days = {"issued": "issued_on", "surveillance": "surveillance_on", "expires": "expires_on"}
    columns = {key: value for key, value in row.items() if key not in {*days, "site", "owner"}}
    dates = {column: _day(row[key], site, now) for key, column in days.items() if key in row}
    return Certificate(site=site, owner=teams[row["owner"]], **columns, **dates)


def _day(days: int, site: Site, now: datetime) -> date:
    return (now + timedelta(days=days)).astimezone(ZoneInfo(site.time_zone)).date()
