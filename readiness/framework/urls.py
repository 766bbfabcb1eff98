"""Pages of the framework's versions, under /readiness/framework/."""

from typing import Any

urlpatterns: list[Any] = []
