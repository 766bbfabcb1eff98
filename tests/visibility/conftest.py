"""The fleet with a row of every kind."""

import pytest

from tests.visibility import all_kinds
from tests.web.routes.conftest import everything

__all__ = ["everything"]


@pytest.fixture
def rows_of_all_kinds(frozen_now, on_scene):
    return on_scene(all_kinds.rows_of_all_kinds)
