"""`GET /api/telemetry/agent-targets/`: the targets of the site whose source a token belongs to, for its agents."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Token
from telemetry.models import Source
from telemetry.targets.queries import TargetGroup, target_groups
from web.rest.authentication import read_token
from web.rest.filters import refuse_unknown
from web.rest.schema import TokenScheme
from web.scopes import everything


class SourceAuthentication(BaseAuthentication):
    """The token of a telemetry source, which belongs to no user."""

    def authenticate(self, request: HttpRequest) -> tuple[AnonymousUser, Token] | None:
        token = read_token(request)
        return None if token is None else (AnonymousUser(), token)

    def authenticate_header(self, request: HttpRequest) -> str:
        return 'Bearer realm="muster"'


class SourceTokenScheme(TokenScheme):
    target_class = "telemetry.targets.api.SourceAuthentication"
    name = "sourceToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The token of a telemetry source."}


@extend_schema(
    responses={200: list[TargetGroup]},
    operation_id="telemetry_agent_targets",
    summary="The scrape targets of a source's site, for the token of the source",
)
@api_view(["GET"])
@authentication_classes([SourceAuthentication])
@permission_classes([])
def agent_targets(request: Request) -> Response:
    if request.auth is None:
        raise NotAuthenticated("Send the token of a telemetry source: Authorization: Bearer <token>.")
    refuse_unknown(request, [], controls=("format",))
    # A session beside the token may see other sites.
    with everything():
        source = Source.objects.select_related("site").filter(token_id=request.auth.pk).first()
        if source is None:
            raise PermissionDenied("This token does not belong to a telemetry source.")
        if source.site is None:
            raise PermissionDenied(
                f"The source {source.name} serves several sites: an agent needs one of its site."
            )
        return Response(
            [{"targets": each.targets, "labels": each.labels} for each in target_groups(source.site)]
        )
