import pytest

from readiness.framework.core.definition import Framework
from readiness.framework.core.document import load
from tests.readiness.scoring.core.builders import SHIPPED


@pytest.fixture(scope="session")
def shipped() -> Framework:
    return load(SHIPPED)
