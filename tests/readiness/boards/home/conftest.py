"""A fleet with one of everything, people among it who are asked for something."""

from tests.web.routes.conftest import everything

__all__ = ["everything"]
