from pathlib import Path

import pytest

from readiness.framework.core.definition import Framework
from readiness.framework.core.document import load

SHIPPED = Path(__file__).parents[3] / "readiness/framework/data/muster"


@pytest.fixture(scope="session")
def shipped() -> Framework:
    return load(SHIPPED)


@pytest.fixture
def shipped_folder() -> Path:
    return SHIPPED
