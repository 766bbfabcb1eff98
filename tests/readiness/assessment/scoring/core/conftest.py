import pytest

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import load
from tests.readiness.assessment.scoring.core.builders import SHIPPED


@pytest.fixture(scope="session")
def shipped() -> Framework:
    return load(SHIPPED)
