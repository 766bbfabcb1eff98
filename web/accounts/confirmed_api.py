"""Endpoints that give access refuse a session whose user did not prove lately who they are. Tokens are not asked."""

from typing import ClassVar

from django.urls import reverse
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts import sessions
from web import clock
from web.rest.viewsets import ObjectViewSet


class ConfirmedViewSet(ObjectViewSet):
    methods_to_confirm: ClassVar[frozenset[str]] = frozenset({"POST", "PUT", "PATCH", "DELETE"})

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        is_program = request.auth is not None
        if is_program or request.method not in self.methods_to_confirm:
            return
        if not sessions.is_confirmed(request.session, now=clock.now()):
            raise PermissionDenied(f"Confirm who you are first, at {reverse('confirm')}.")
