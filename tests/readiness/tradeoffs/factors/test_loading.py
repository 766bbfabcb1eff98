"""Published data sets: what is read of the installed packages, and that loading again changes nothing."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from readiness.demand.workloads.models import UserRegion
from readiness.tradeoffs.factors import loading
from readiness.tradeoffs.factors.core.published import (
    DataSetUnreadable,
    PublishedPlace,
    carbon_entries,
    country_means,
    latency_entries,
    region_table,
)
from readiness.tradeoffs.models import LatencyFactor, SiteFactor
from tests.cases import cases
from tests.entries import entries_of
from tests.inventory import made

MEANS = '{"PRT": {"carbon_intensity": 165.5, "year": 2023}, "CAF": {"carbon_intensity": 0.0, "year": 2022}}'
MATRIX = "Source,North,South,East\nNorth,,40,70\nSouth,44,,\nEast,,,\n"
PLACES = (
    '{"n": {"lat": 50, "lon": 0, "displayName": "North"}, "s": {"lat": 40, "lon": 0, "displayName": "South"},'
    ' "x": {"lat": 0, "lon": 0, "displayName": "Elsewhere"}}'
)


def test_a_country_without_an_intensity_is_unknown_and_not_clean():
    means = country_means(MEANS)
    assert list(means) == ["PT"]
    (entry,) = carbon_entries([("porto", "PT"), ("bangui", "CF")], means, "data set")
    assert (entry.site, entry.value, entry.as_of_on) == ("porto", 165.5, date(2023, 12, 31))
    assert (entry.basis, entry.provenance) == ("published", "estimated")


def test_a_round_trip_is_that_of_the_regions_near_both_ends():
    table = region_table(MATRIX, PLACES)
    assert table.round_trip_between("North", "South") == 42
    assert table.round_trip_between("South", "East") is None
    sites = [PublishedPlace("near", 50.5, 0.5), PublishedPlace("far", 0.0, 0.0)]
    regions = [PublishedPlace("southerners", 40.0, 0.0), PublishedPlace("northerners", 50.0, 0.0)]
    (entry,) = latency_entries(sites, regions, table, "table", date(2026, 8, 1))
    assert (entry.site, entry.user_region, entry.value) == ("near", "southerners", 42)
    assert entry.low < 42 < entry.high
    assert "North (66 km away) to South (0 km)" in entry.note


@cases(
    ("read", "files"),
    {
        "no country": (country_means, ["{}"]),
        "no table": (country_means, ["[1]"]),
        "no JSON": (country_means, ["not JSON"]),
        "no columns": (region_table, ["", PLACES]),
        "no rows": (region_table, [MATRIX, '{"n": 1}']),
        "no names of places": (region_table, [MATRIX, '{"n": {"lat": 1}}']),
        "no number": (region_table, [MATRIX.replace("40", "forty"), PLACES]),
    },
)
def test_files_that_became_others_are_refused(read, files):
    with pytest.raises(DataSetUnreadable):
        read(*files)


@pytest.fixture
def dublin(db):
    return made.site(slug="dublin", country="IE", latitude=53.35, longitude=-6.26)


@pytest.fixture
def washington(db):
    return UserRegion.objects.create(name="Washington", slug="washington", latitude=37.0, longitude=-79.0)


def run():
    said = StringIO()
    call_command("load_factors", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_what_is_installed_is_loaded_once(dublin, washington, frozen_now):
    made.site(slug="nowhere", country="AQ")
    said = run()
    assert "Carbon intensity: 1 new, 0 corrected, 0 unchanged." in said
    assert "Round trips: 1 new, 0 corrected, 0 unchanged." in said
    assert said.count("Unknown for nowhere") == 2
    carbon = SiteFactor.objects.get()
    # Ireland's mean of 2023, to the gram, as the package states it.
    assert (carbon.site, round(carbon.value), carbon.source) == (
        dublin,
        291,
        "codecarbon, energy mix of countries",
    )
    trip = LatencyFactor.objects.get()
    assert trip.low <= trip.value_ms <= trip.high
    assert 60 < trip.value_ms < 100
    assert trip.source == "Azure network round-trip latency statistics, medians"
    assert "0 new, 0 corrected, 1 unchanged" in run()
    assert entries_of(LatencyFactor, object_id=trip.pk).count() == 1
    assert entries_of(SiteFactor, object_id=carbon.pk).get().username == "load_factors"


@pytest.mark.django_db
@cases(
    ("name", "value", "said"),
    {
        "package missing": ("CARBON_PACKAGE", "no-such-package", "is not installed"),
        "file moved": ("CARBON_FILE", "codecarbon/other.json", "has no file"),
    },
)
def test_what_is_missing_is_said(monkeypatch, frozen_now, name, value, said):
    monkeypatch.setattr(loading, name, value)
    with pytest.raises(CommandError, match=said):
        run()
    assert not SiteFactor.objects.exists()
