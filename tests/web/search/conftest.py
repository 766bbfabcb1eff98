import pytest

from web import search


@pytest.fixture(autouse=True)
def _floors(settings):
    settings.ROOT_URLCONF = "tests.accounts.urls"


@pytest.fixture
def nothing_registered(monkeypatch):
    """Each test registers what it needs; the apps' own are back afterwards."""
    monkeypatch.setattr(search, "_providers", {})
    monkeypatch.setattr(search, "_makers", [])
