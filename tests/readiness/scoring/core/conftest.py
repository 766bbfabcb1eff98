from pathlib import Path

import pytest

from readiness.framework.core.definition import Framework
from readiness.framework.core.loading import load


@pytest.fixture(scope="session")
def shipped() -> Framework:
    return load(Path(__file__).parents[4] / "readiness/framework/data/muster-1")
