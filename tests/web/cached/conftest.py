"""A scene with rows of everything, so that each kept answer reads all that it ever reads."""

from tests.web.routes.conftest import everything

__all__ = ["everything"]
