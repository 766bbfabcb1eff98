"""Actions whose address says all: they take no body."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response


def refuses_body(view: Callable[..., Response]) -> Callable[..., Response]:
    """Refuse a body with 400: what is sent would be neither read nor checked. An empty object counts as none."""

    @wraps(view)
    def answered(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if request.data:
            names = sorted(request.data)[:5] if isinstance(request.data, Mapping) else []
            fields = f": {', '.join(names)}" if names else ""
            raise ValidationError({"detail": f"This address takes no body{fields}. Send it empty."})
        return view(self, request, *args, **kwargs)

    return answered
