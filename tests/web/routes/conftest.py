"""The fleet that addresses are asked on."""

import pytest

from tests.web.routes import scenes


@pytest.fixture
def everything(frozen_now, on_scene):
    return on_scene(scenes.everything)
