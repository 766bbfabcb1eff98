from pathlib import Path

import pytest

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import load

SHIPPED = Path(__file__).parents[4] / "readiness/assessment/framework/data/muster"


@pytest.fixture(scope="session")
def shipped() -> Framework:
    return load(SHIPPED)


@pytest.fixture
def shipped_folder() -> Path:
    return SHIPPED
