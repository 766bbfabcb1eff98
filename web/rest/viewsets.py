"""Endpoints of a model: read, write, and bulk write. Each write is one transaction: all or nothing."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.http import parse_etags
from rest_framework import status, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, Route
from rest_framework.serializers import ModelSerializer, Serializer

from web import actor, links
from web.database_refusals import refusal
from web.outside import refuse_outside
from web.permissions import permissions_in_use
from web.rest.errors import PreconditionFailed
from web.rest.filters import SHOWING, refuse_unknown
from web.rest.pagination import MAX_LIMIT
from web.rest.permissions import requires
from web.rest.serializers import item_id, message_field
from web.row_counts import count_after_commit


def locked(items: Any, rows: models.QuerySet) -> dict[int, models.Model]:
    """The objects that the items name, by id, locked in the order of ids, so that two bulk writes never wait for each
    other.
    """
    refuse_length(items)
    ids = [item_id(item) for item in items]
    objects_by_key = {
        obj.pk: obj for obj in rows.filter(pk__in=[key for key in ids if key is not None]).order_by("pk")
    }
    times = Counter(ids)
    errors = {}
    for index, key in enumerate(ids):
        if key is None:
            errors[index] = {"id": ["Each item needs the id of its object."]}
        elif key not in objects_by_key:
            errors[index] = {"id": ["No such object."]}
        elif times[key] > 1:
            errors[index] = {"id": ["Named twice."]}
    if errors:
        raise ValidationError(errors)
    return objects_by_key


def refuse_length(items: Any) -> None:
    if not isinstance(items, list):
        raise ValidationError({"detail": "Send a list of objects; a single object has its own address."})
    if not 0 < len(items) <= MAX_LIMIT:
        raise ValidationError(
            {"detail": f"Send a list of 1 to {MAX_LIMIT} objects; this list has {len(items)}."}
        )


def insert(objects: list[models.Model]) -> None:
    manager = type(objects[0])._default_manager
    _all_or_blame(objects, lambda: manager.bulk_create(objects), lambda obj: obj.save(force_insert=True))
    count_after_commit(type(objects[0]), rows=len(objects))


def update(objects: list[models.Model], values: list[dict[str, Any]]) -> None:
    fields = sorted({name for each in values for name in each})
    for obj, each in zip(objects, values, strict=True):
        for name, value in each.items():
            setattr(obj, name, value)
    if fields:
        manager = type(objects[0])._default_manager
        in_order = sorted(objects, key=lambda obj: obj.pk)
        _all_or_blame(
            objects, lambda: manager.bulk_update(in_order, fields), lambda obj: obj.save(update_fields=fields)
        )


def one_by_one(serializers: list[Serializer], save: Callable[[Serializer], None]) -> list[models.Model]:
    errors = {}
    for index, serializer in enumerate(serializers):
        try:
            with transaction.atomic():
                serializer.is_valid(raise_exception=True)
                save(serializer)
        except ValidationError as error:
            errors[index] = error.detail
        except IntegrityError as error:
            errors[index] = refusal(error)
    if errors:
        raise ValidationError(errors)
    return [serializer.instance for serializer in serializers]


def _all_or_blame(
    objects: list[models.Model],
    all_at_once: Callable[[], object],
    write_one: Callable[[models.Model], object],
) -> None:
    """Save all in one statement. If the database refuses, save one by one to find the wrong ones; keep none."""
    try:
        with transaction.atomic():
            all_at_once()
            _check_deferred()
    except IntegrityError as refused:
        errors: dict[int, Any] = {}
        for index, obj in enumerate(objects):
            try:
                with transaction.atomic():
                    write_one(obj)
                    _check_deferred()
            except IntegrityError as error:
                errors[index] = refusal(error)
        raise ValidationError(errors or refusal(refused)) from refused


def _check_deferred() -> None:
    """Foreign keys would otherwise be checked at commit, too late to know whose they are."""
    transaction.get_connection().check_constraints()


def related_once(rows: models.QuerySet) -> models.QuerySet:
    """Rows whose related objects are read by statements of their own instead of joins, and made once each: most rows of
    a bulk write have the same site or type, and a join would make it again for every row.
    """
    joined = rows.query.select_related
    if not isinstance(joined, dict):
        return rows
    return rows.select_related(None).prefetch_related(*_paths(joined))


def _paths(joined: dict[str, Any], before: str = "") -> list[str]:
    """The joined relations as Django writes them: `site` and `site__region`."""
    return [
        path
        for name, further in joined.items()
        for path in (f"{before}{name}", *_paths(further, f"{before}{name}__"))
    ]


def etag_of(obj: models.Model) -> str:
    """A weak ETag of the object's own columns; renaming a related object does not change it.

    It is keyed, or a reader could guess hidden values from it.
    """
    values = "\x1f".join(
        f"{field.attname}={getattr(obj, field.attname)!r}" for field in obj._meta.concrete_fields
    )
    return f'W/"{hmac.digest(settings.SECRET_KEY.encode(), values.encode(), hashlib.sha256).hex()[:24]}"'


class ReadOnlyObjectViewSet(viewsets.ReadOnlyModelViewSet):
    """Give `queryset` (with what its serializer reads joined in), `serializer_class` and `filterset_class`."""

    filterset_class: Any = None
    lookup_value_regex = "[0-9]+"
    may: ClassVar[tuple[str, ...]] = ()

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), *([requires(*self.may)()] if self.may else [])]

    def get_object(self) -> Any:
        if (self.lookup_url_kwarg or self.lookup_field) not in self.kwargs:
            # OPTIONS looks for an object wherever PUT is allowed, but bulk writes PUT to a list.
            raise Http404
        return super().get_object()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._object_response(self.get_object())

    def etag(self, obj: models.Model) -> str:
        """The ETag of an object. Override it if the endpoint shows and writes more than the object's columns."""
        return etag_of(obj)

    def _object_response(self, obj: models.Model, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(obj).data, status=code, headers={"ETag": self.etag(obj)})


class ObjectViewSet(ReadOnlyObjectViewSet, viewsets.ModelViewSet):
    """CRUD, and bulk POST, PUT, PATCH and DELETE of a list of objects on the list's address.

    `perform_create`, `perform_update` and `perform_destroy` may call an operation instead of saving; a bulk write then
    calls them item by item. Otherwise a bulk write takes the same number of statements for any number of items.
    `writing` is the transaction of each write; override it to write something else in it.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS:
            # Requests for a trial, or with rows in the address, must not write.
            refuse_unknown(request, getattr(self, "extra_parameters", ()), SHOWING)
            if "If-Match" in request.headers and self.action in {"create", *BULK.values()}:
                raise ValidationError({"detail": "If-Match is for one object, at its own address."})

    def writing(self) -> AbstractContextManager[None]:
        return transaction.atomic()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if isinstance(request.data, list):
            return Response(self._answer_many(self.create_many(request.data)), status.HTTP_201_CREATED)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with self.writing():
            self.perform_create(serializer)
        return self._object_response(self._again(serializer.instance), status.HTTP_201_CREATED)

    def update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        with self.writing():
            obj = self._locked_one()
            serializer = self.get_serializer(obj, data=request.data, partial=partial)
            serializer.is_valid(raise_exception=True)
            self.perform_update(serializer)
        return self._object_response(self._again(serializer.instance))

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.writing():
            obj = self._locked_one()
            self._note_messages(request.data)
            self.perform_destroy(obj)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def bulk_update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        return Response(self._answer_many(self.update_many(request.data, partial=partial)))

    def bulk_partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.bulk_update(request, *args, partial=True, **kwargs)

    def bulk_destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.writing():
            rows = locked(request.data, self._lockable())
            self._refuse_outside(*rows.values())
            self._note_messages(request.data)
            if type(self).perform_destroy is ObjectViewSet.perform_destroy:
                self.queryset.model.objects.filter(pk__in=rows).delete()
            else:
                for obj in rows.values():
                    self.perform_destroy(obj)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def create_many(self, items: Any) -> list[models.Model]:
        refuse_length(items)
        with self.writing():
            if self._is_plain("create"):
                serializer = self.get_serializer(data=items, many=True)
                serializer.is_valid(raise_exception=True)
                created = [self.queryset.model(**values) for values in serializer.validated_data]
                insert(created)
                return created
            return one_by_one([self.get_serializer(data=item) for item in items], self.perform_create)

    def update_many(self, items: Any, *, partial: bool = True) -> list[models.Model]:
        with self.writing():
            rows = locked(items, self._lockable())
            self._refuse_outside(*rows.values())
            objects = [rows[item["id"]] for item in items]
            if self._is_plain("update"):
                serializer = self.get_serializer(data=items, many=True, partial=partial)
                serializer.existing = rows
                serializer.is_valid(raise_exception=True)
                update(objects, serializer.validated_data)
            else:
                pairs = zip(objects, items, strict=True)
                singly = [self.get_serializer(obj, data=item, partial=partial) for obj, item in pairs]
                one_by_one(singly, self.perform_update)
            return objects

    def _is_plain(self, verb: str) -> bool:
        """Whether a write only saves: neither the endpoint nor its serializer overrides a hook."""
        hook = f"perform_{verb}"
        serializer = self.get_serializer_class()
        return (
            getattr(type(self), hook) is getattr(ObjectViewSet, hook)
            and getattr(serializer, verb) is getattr(ModelSerializer, verb)
            and serializer.save is ModelSerializer.save
        )

    def _note_messages(self, items: Any) -> None:
        """A delete has no serializer to read the message."""
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict) and "changelog_message" in item:
                actor.note(message_field().run_validation(item["changelog_message"]))

    def _locked_one(self) -> models.Model:
        key = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        obj = self._lockable().filter(**{self.lookup_field: key}).first()
        if obj is None:
            raise Http404
        self.check_object_permissions(self.request, obj)
        self._refuse_outside(obj)
        expected_etags = parse_etags(self.request.headers.get("If-Match", "*"))
        if "*" not in expected_etags and self.etag(obj) not in expected_etags:
            raise PreconditionFailed
        return obj

    def _refuse_outside(self, *objects: models.Model) -> None:
        refuse_outside(objects, *permissions_in_use(self.request._request))

    def _lockable(self) -> models.QuerySet:
        # The endpoint's queryset may join and count, which row locks do not allow; it only decides visibility.
        visible = self.get_queryset().order_by().values("pk")
        return self.queryset.model.objects.select_for_update().filter(pk__in=visible)

    def _again(self, obj: models.Model) -> models.Model:
        # Somebody else may have deleted it since it was written.
        return get_object_or_404(self.get_queryset(), pk=obj.pk)

    def _answer_many(self, objects: list[models.Model]) -> list[dict[str, Any]]:
        queryset = related_once(self.get_queryset()).filter(pk__in=[obj.pk for obj in objects])
        rows = {obj.pk: obj for obj in queryset}
        return self.get_serializer([rows[obj.pk] for obj in objects], many=True).data


BULK = {"put": "bulk_update", "patch": "bulk_partial_update", "delete": "bulk_destroy"}


class Router(DefaultRouter):
    """`register("sites", SiteViewSet)`; names are `inventory-api-site-list` and `…-detail`."""

    include_format_suffixes = False
    routes = [
        route._replace(mapping=route.mapping | BULK)
        if isinstance(route, Route) and not route.detail
        else route
        for route in DefaultRouter.routes
    ]

    def get_default_basename(self, viewset: Any) -> str:
        return links.api_basename(viewset.queryset.model)
