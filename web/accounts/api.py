"""Endpoints under /api/accounts/, and /api/authentication-check/."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations, token_ends
from accounts.leaving import hand_over
from accounts.models import ScopeKind, Token, User
from accounts.queries import role_of, scopes_of, slugs_of_scopes
from accounts.roles import ROLES
from web import clock
from web.accounts.confirmed_api import ConfirmedViewSet
from web.accounts.filters import TokenFilters, UserFilters
from web.accounts.kinds import GROUP_RULE
from web.accounts.signing import note_own_role
from web.leaving import LeaversList, LeftObject, leavers_list
from web.requests import UserApiRequest, UserRequest
from web.rest.errors import translated
from web.rest.fields import Brief, ChoiceValueField, RelatedObjectField, absolute, brief
from web.rest.permissions import SignedIn, requires
from web.rest.serializers import ObjectSerializer, RowSerializer
from web.rest.shapes import filled
from web.rest.viewsets import Router
from web.scopes import places

ROLE_CHOICES = [(name, name) for name in ROLES]


@contextmanager
def refusals_as_errors(field: str = "") -> Iterator[None]:
    """Turn refusals of an operation into errors of the API; all about `field`, if it is given."""
    try:
        yield
    except operations.NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except DjangoValidationError as error:
        raise (ValidationError({field: error.messages}) if field else translated(error)) from error


class RoleField(ChoiceValueField):
    # Read, not written: users of before, and those whose role was taken.
    may_be_empty = True

    def get_attribute(self, instance: User) -> str:
        return role_of(instance)


class NameField(serializers.CharField):
    def get_attribute(self, instance: User) -> str:
        return instance.get_full_name()


class ScopeSerializer(RowSerializer):
    kind = serializers.ChoiceField(choices=ScopeKind.choices)
    slug = serializers.SlugField(max_length=100)


class ScopesField(serializers.ListField):
    child = ScopeSerializer()

    def get_attribute(self, instance: User) -> list[dict[str, str]]:
        return [{"kind": kind, "slug": slug} for kind, slug in scopes_of(instance)]


class UserSerializer(ObjectSerializer):
    scopes = ScopesField(required=False, help_text="Regions and sites; empty: all sites.")
    name = NameField(required=False, allow_blank=True, max_length=300)
    role = RoleField(choices=ROLE_CHOICES)
    password = serializers.CharField(
        write_only=True,
        required=False,
        max_length=1000,
        help_text="Without one a person signs in by the provider; a service account has none.",
    )
    keep_tokens = serializers.BooleanField(
        write_only=True,
        required=False,
        help_text="With a new password: keep the user's tokens valid. A new password revokes them otherwise.",
    )

    class Meta:
        model = User
        fields = [
            *("username", "name", "email", "kind", "owner", "purpose", "role", "scopes", "is_active"),
            *("password", "keep_tokens", "last_login", "date_joined"),
        ]
        brief_fields = ["username"]
        read_only_fields = ["last_login", "date_joined"]
        extra_kwargs = {
            "owner": {"help_text": "The person who answers for a service account. Null: nobody does yet."}
        }

    def validate_scopes(self, scopes: list[dict[str, str]]) -> list[dict[str, str]]:
        known_places = places()
        if unknown := [each["slug"] for each in scopes if (each["kind"], each["slug"]) not in known_places]:
            raise ValidationError(f"There is no such region or site: {', '.join(unknown)}.")
        return scopes


def _operation_arguments(serializer: serializers.BaseSerializer) -> dict[str, Any]:
    arguments = dict(serializer.validated_data)
    if (scopes := arguments.get("scopes")) is not None:
        arguments["scopes"] = [(scope["kind"], scope["slug"]) for scope in scopes]
    return arguments


class HandOverSerializer(RowSerializer):
    to = RelatedObjectField(queryset=User.objects.all(), help_text="The person who owns them from now on.")


@dataclass(frozen=True, slots=True)
class HandedOver:
    count: Annotated[int, "Service accounts that have the new owner."]


class UserViewSet(ConfirmedViewSet):
    """Users are never deleted, because history names them: `is_active` false ends all access."""

    request: UserApiRequest

    queryset = (
        User.objects.select_related("owner")
        .prefetch_related("groups")
        .annotate(scope_slugs=slugs_of_scopes(OuterRef("pk")))
    )
    serializer_class = UserSerializer
    filterset_class = UserFilters
    http_method_names = ["get", "post", "put", "patch", "head", "options"]

    def etag(self, obj: Model) -> str:
        """The ETag includes role and scopes, which are rows of their own."""
        user = cast(User, obj)
        scopes = [".".join(scope) for scope in scopes_of(user)]
        return f'{super().etag(obj)[:-1]}-{"-".join([role_of(user), *scopes])}"'

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        arguments = _operation_arguments(serializer)
        is_active = arguments.pop("is_active", True)
        arguments.pop("keep_tokens", None)
        who: dict[str, Any] = {"by": self.request.user, "now": clock.now()}
        with refusals_as_errors():
            serializer.instance = operations.create_user(**arguments, **who)
            if not is_active:
                operations.change_user(serializer.instance, is_active=False, **who)

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        user = cast(User, serializer.instance)
        arguments = _operation_arguments(serializer)
        password, keep_tokens = arguments.pop("password", None), arguments.pop("keep_tokens", False)
        takes_owner = "owner" in arguments and arguments["owner"] is None and user.owner_id is not None
        if takes_owner and arguments.get("kind", user.kind) == User.Kind.SERVICE:
            raise ValidationError({"owner": ["A service account has an owner. Name another person."]})
        who: dict[str, Any] = {"by": self.request.user, "now": clock.now()}
        former_role = role_of(user)
        with refusals_as_errors():
            operations.change_user(user, **arguments, **who)
            if user == self.request.user:
                is_program = self.request.auth is not None
                page_request = cast(UserRequest, self.request._request)
                note_own_role(page_request, former_role=former_role, is_program=is_program)
            if password is not None:
                operations.set_password(user, password, keep_tokens=keep_tokens, **who)

    @extend_schema(
        responses={200: LeaversList},
        operation_id="accounts_users_left_behind",
        summary="What a person made or owns that goes on without them, or waits for them",
    )
    @action(detail=True, methods=["get"], url_path="left-behind", pagination_class=None, filter_backends=[])
    def left_behind(self, request: Request, pk: str) -> Response:
        left_behind = leavers_list(self.get_object(), reader=self.request.user, now=clock.now())
        context = {"request": request}
        groups = [
            replace(group, objects=tuple(_absolute(each, context) for each in group.objects))
            for group in left_behind.groups
        ]
        return Response(replace(left_behind, groups=tuple(groups)))

    @extend_schema(
        request=HandOverSerializer,
        responses={200: HandedOver},
        operation_id="accounts_users_hand_over",
        summary="Make another person the owner of all service accounts of this one",
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="hand-over",
        permission_classes=[requires("accounts.change_user", "accounts.view_user")],
    )
    def hand_over(self, request: Request, pk: str) -> Response:
        body = HandOverSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with refusals_as_errors("to"):
            count = hand_over(
                self.get_object(), to=body.validated_data["to"], by=self.request.user, now=clock.now()
            )
        return Response(HandedOver(count))


def _absolute(left: LeftObject, context: dict[str, Any]) -> LeftObject:
    return replace(left, display_url=absolute(left.display_url, context) or "")


class TokenSerializer(ObjectSerializer):
    class Meta:
        model = Token
        fields = [
            *("user", "name", "prefix", "scope", "enabled", "created_at", "expires_at"),
            *("replaces", "last_used_at"),
        ]
        brief_fields = ["name", "prefix"]
        read_only_fields = ["prefix", "enabled", "created_at", "replaces", "last_used_at"]
        extra_kwargs = {
            # Null when reading a source's token; such a token cannot be made here.
            "user": {
                "required": False,
                "allow_null": True,
                "help_text": "Owner of the token; you unless given.",
            }
        }


class NewTokenSerializer(TokenSerializer):
    token = serializers.SerializerMethodField(help_text="The secret. Muster cannot show it again.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]

    def get_token(self, obj: Token) -> str:
        return self.context["view"].made[obj.pk]


class ReplacementSerializer(RowSerializer):
    overlap_hours = serializers.IntegerField(
        default=int(token_ends.OVERLAP / timedelta(hours=1)),
        min_value=0,
        max_value=int(token_ends.MOST_OVERLAP / timedelta(hours=1)),
        help_text="Hours for which the old token works too, if it does not end before; 0 revokes it at once.",
    )


class TokenViewSet(ConfirmedViewSet):
    """Your own tokens; with the permission accounts.view_token everybody's. Deleting a token revokes it."""

    request: UserApiRequest

    queryset = Token.objects.select_related("user", "replaces")
    filterset_class = TokenFilters
    permission_classes = [SignedIn]
    http_method_names = ["get", "post", "delete", "head", "options"]
    methods_to_confirm = frozenset({"POST"})

    def get_queryset(self) -> QuerySet[Token]:
        tokens = super().get_queryset()
        needed = "accounts.delete_token" if self.request.method == "DELETE" else "accounts.view_token"
        return tokens if self.request.user.has_perm(needed) else tokens.filter(user=self.request.user)

    def get_serializer_class(self) -> type[TokenSerializer]:
        return NewTokenSerializer if self.request and self.request.method == "POST" else TokenSerializer

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.made: dict[int, str] = {}
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        arguments = {"expires_at": None} | serializer.validated_data
        arguments["user"] = arguments.get("user") or self.request.user
        arguments["expires_at"] = self._limit_to_own_life(arguments["expires_at"])
        with refusals_as_errors():
            token, plain = operations.create_token(**arguments, by=self.request.user, now=clock.now())
        serializer.instance = token
        self.made[token.pk] = plain

    def perform_destroy(self, instance: Token) -> None:
        operations.revoke_token(instance, by=self.request.user, now=clock.now())

    @extend_schema(
        request=ReplacementSerializer,
        responses={201: NewTokenSerializer},
        summary="Make a successor of the same name, scope and lifetime; the old token ends after an overlap",
    )
    @action(detail=True, methods=["post"])
    def replace(self, request: Request, pk: str) -> Response:
        token, now = self.get_object(), clock.now()
        body = ReplacementSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        expires_at = token_ends.successor_end(token, now=now)
        # A program renews its own token; one that was made for a day is over after it, also for a thief.
        if request.auth != token or token_ends.is_for_one_task(token):
            expires_at = self._limit_to_own_life(expires_at)
        with refusals_as_errors():
            successor, plain = token_ends.replace_token(
                token,
                expires_at=expires_at,
                overlap=timedelta(hours=body.validated_data["overlap_hours"]),
                by=self.request.user,
                now=now,
            )
        self.made = {successor.pk: plain}
        return self._object_response(self._again(successor), status.HTTP_201_CREATED)

    def _limit_to_own_life(self, expires_at: Any) -> Any:
        """A token with an end cannot make one that outlives it, so that a token stolen for a day works for a day."""
        own = self.request.auth.expires_at if isinstance(self.request.auth, Token) else None
        if own is None or expires_at is None:
            return own or expires_at
        if expires_at > own:
            raise ValidationError({"expires_at": ["A token cannot make another token that outlives it."]})
        return expires_at


class AuthenticatedUser(Brief):
    username: str
    role: str | None


@dataclass(frozen=True, slots=True)
class AuthenticatedToken:
    prefix: str
    scope: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Authentication:
    user: AuthenticatedUser
    token: Annotated[AuthenticatedToken | None, "Null for a session."]
    permissions: list[str]


@extend_schema(responses={200: Authentication}, summary="Who the request is authenticated as")
@api_view(["GET"])
@permission_classes([SignedIn])
def authentication_check(request: Request) -> Response:
    user, token = cast(User, request.user), request.auth if isinstance(request.auth, Token) else None
    return Response(
        Authentication(
            user={
                **brief(user, {"request": request}),
                "username": user.username,
                "role": role_of(user) or None,
            },
            token=filled(AuthenticatedToken, token) if token else None,
            permissions=sorted(user.get_all_permissions()),
        )
    )


router = Router()
router.register("group-rules", GROUP_RULE.viewset)
router.register("users", UserViewSet)
router.register("tokens", TokenViewSet)
