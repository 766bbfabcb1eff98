"""A fleet with one of everything, people among it who are asked for something."""

from tests.web.routes.conftest import *  # noqa: F403
from tests.web.routes.conftest import emptied_samples, everything

__all__ = ["emptied_samples", "everything"]
