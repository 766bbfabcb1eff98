"""The fleet that addresses are asked on."""

from collections import defaultdict

import pytest

from tests.web.routes import scenes


@pytest.fixture
def everything(frozen_now, on_scene):
    return on_scene(scenes.everything)


@pytest.fixture(scope="session")
def seen_by():
    """What each role was answered: the fleet is the same in every test, so that one visit serves all questions."""
    return defaultdict(dict)
