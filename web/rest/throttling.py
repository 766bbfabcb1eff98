"""How many calls a minute one token may make."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.counting import CountingWindow
from accounts.models import Token
from web import clock

if TYPE_CHECKING:
    from rest_framework.views import APIView

_calls = CountingWindow("api:calls", 60)


class TokenThrottle(BaseThrottle):
    """429 with Retry-After above MUSTER_API_CALLS_PER_MINUTE. A person's browser is not counted."""

    left_s = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        most = settings.API_CALLS_PER_MINUTE
        if not most or not isinstance(request.auth, Token):
            return True
        now = clock.now()
        self.left_s = _calls.left_s(now)
        return _calls.add(str(request.auth.pk), now=now) <= most

    def wait(self) -> float:
        return self.left_s
