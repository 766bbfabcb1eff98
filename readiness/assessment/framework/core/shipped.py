"""The definition that comes with Muster, newest version."""

from functools import cache
from pathlib import Path

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import load

FOLDER = Path(__file__).parents[1] / "data" / "muster"


@cache
def shipped() -> Framework:
    return load(FOLDER)
