"""A disk that fills up: every page says so, samples are refused before the database fails, readiness tells."""

from datetime import timedelta

import pytest

from web import disk, notices
from web.disk import MB, DiskWatch


@pytest.fixture
def has_free(monkeypatch, settings, frozen_now):
    """`has_free(5)`: from now on so many MB of 1,000 are free, of which 100 are the reserve."""
    settings.DISK_RESERVE_MB = 100

    def set_free(megabytes):
        monkeypatch.setattr(disk, "space", lambda folder: (megabytes * MB, 1000 * MB))
        frozen_now.move(seconds=2)

    monkeypatch.setattr(disk, "_watch", DiskWatch())
    return set_free


@pytest.mark.parametrize(
    ("free", "state"), [(600, "up"), (501, "up"), (499, "low"), (100, "low"), (99, "full"), (0, "full")]
)
def test_what_is_free_is_enough_or_low_or_too_little(has_free, frozen_now, free, state):
    has_free(free)
    standing = disk.disk_standing(frozen_now.at)
    assert (standing.state, standing.free_share) == (state, free / 1000)
    assert disk.is_full(frozen_now.at) == (state == "full")
    assert bool(list(disk.notices(frozen_now.at))) == (state != "up")


def test_a_disk_that_fills_says_when_it_will_be_full(has_free, frozen_now):
    has_free(900)
    assert disk.disk_standing(frozen_now.at).full_at is None
    began = frozen_now.at
    frozen_now.move(hours=2)
    has_free(500)
    full_at = disk.disk_standing(frozen_now.at).full_at
    assert full_at is not None
    assert abs(full_at - (began + timedelta(hours=4))) < timedelta(minutes=1), "200 MB an hour, 400 are left"
    frozen_now.move(hours=1)
    has_free(950)
    assert disk.disk_standing(frozen_now.at).full_at is None


def test_it_looks_at_most_once_a_second(has_free, frozen_now, monkeypatch):
    has_free(600)
    assert disk.disk_standing(frozen_now.at).state == "up"
    monkeypatch.setattr(disk, "space", lambda folder: (0, 1000 * MB))
    assert disk.disk_standing(frozen_now.at).state == "up"
    frozen_now.move(seconds=1)
    assert disk.disk_standing(frozen_now.at).state == "full"


def test_a_folder_that_was_not_made_yet_is_measured_where_it_will_be(tmp_path):
    assert disk.space(tmp_path / "a" / "b")[1] == disk.space(tmp_path)[1] > 0


@pytest.mark.django_db
def test_every_page_says_it_and_readiness_does(has_free, client_of, frozen_now):
    client = client_of("viewer")
    for free, state, told in ((600, "up", False), (300, "low", True), (50, "full", True)):
        has_free(free)
        notices.refresh(frozen_now.at)
        for page in ("/", "/sites/", "/telemetry/"):
            assert ("disk is nearly full" in client.get(page).content.decode()) == told, page
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["disk"]) == (200, state)
    has_free(600)
    assert notices.refresh(frozen_now.at) == ()


@pytest.mark.django_db
def test_strangers_are_not_told(has_free, client, frozen_now):
    has_free(50)
    notices.refresh(frozen_now.at)
    assert "disk is nearly full" not in client.get("/login/").content.decode()
    has_free(600)
    notices.refresh(frozen_now.at)
