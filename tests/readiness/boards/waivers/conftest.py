"""The site, the people and the grants of the room below."""

from tests.readiness.assessment.grants.conftest import ask, grant, porto

__all__ = ["ask", "grant", "porto"]
