"""Endpoints of a model: read, write, and write many at once. Each write is one transaction: all of it or nothing."""

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.http import Http404
from django.utils.http import parse_etags
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from web import actor
from web.rest import bulk
from web.rest.errors import PreconditionFailed
from web.rest.serializers import message_field


def etag_of(obj: models.Model) -> str:
    """A weak ETag of what the object itself stores; that a related object was renamed does not change it.

    With a key, or whoever reads the rest of an object could try names for what is hidden.
    """
    values = "\x1f".join(
        f"{field.attname}={getattr(obj, field.attname)!r}" for field in obj._meta.concrete_fields
    )
    return f'W/"{hmac.digest(settings.SECRET_KEY.encode(), values.encode(), hashlib.sha256).hex()[:24]}"'


class ReadOnlyObjectViewSet(viewsets.ReadOnlyModelViewSet):
    """Give `queryset` (with what its serializer reads joined in), `serializer_class` and `filterset_class`."""

    filterset_class: Any = None
    lookup_value_regex = "[0-9]+"

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        obj = self.get_object()
        return self._answer(obj)

    def etag(self, obj: models.Model) -> str:
        """The ETag of an object. Override it where more is shown and written than the object stores itself."""
        return etag_of(obj)

    def _answer(self, obj: models.Model, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(obj).data, status=code, headers={"ETag": self.etag(obj)})


class ObjectViewSet(ReadOnlyObjectViewSet, viewsets.ModelViewSet):
    """CRUD, and bulk POST, PUT, PATCH and DELETE of a list of objects on the list's address.

    `perform_create`, `perform_update` and `perform_destroy` may call an operation in place of saving; a bulk write then
    calls them item by item. Left alone, a bulk write takes the same number of statements however many items it has.
    """

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if isinstance(request.data, list):
            return Response(self._answer_many(self.create_many(request.data)), status.HTTP_201_CREATED)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            self.perform_create(serializer)
        return self._answer(self._again(serializer.instance), status.HTTP_201_CREATED)

    def update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        with transaction.atomic():
            obj = self._locked_one()
            serializer = self.get_serializer(obj, data=request.data, partial=partial)
            serializer.is_valid(raise_exception=True)
            self.perform_update(serializer)
        return self._answer(self._again(serializer.instance))

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            obj = self._locked_one()
            self._note_messages(request.data)
            self.perform_destroy(obj)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def bulk_update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        return Response(self._answer_many(self.update_many(request.data, partial=partial)))

    def bulk_partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.bulk_update(request, *args, partial=True, **kwargs)

    def bulk_destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            rows = bulk.locked(request.data, self._lockable())
            self._note_messages(request.data)
            if type(self).perform_destroy is ObjectViewSet.perform_destroy:
                self.queryset.model.objects.filter(pk__in=rows).delete()
            else:
                for obj in rows.values():
                    self.perform_destroy(obj)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def create_many(self, items: Any) -> list[models.Model]:
        bulk.refuse_length(items)
        with transaction.atomic():
            if self._is_plain("create"):
                serializer = self.get_serializer(data=items, many=True)
                serializer.is_valid(raise_exception=True)
                created = [self.queryset.model(**values) for values in serializer.validated_data]
                bulk.insert(created)
                return created
            return bulk.one_by_one([self.get_serializer(data=item) for item in items], self.perform_create)

    def update_many(self, items: Any, *, partial: bool = True) -> list[models.Model]:
        with transaction.atomic():
            rows = bulk.locked(items, self._lockable())
            objects = [rows[item["id"]] for item in items]
            if self._is_plain("update"):
                serializer = self.get_serializer(data=items, many=True, partial=partial)
                serializer.existing = rows
                serializer.is_valid(raise_exception=True)
                bulk.update(objects, serializer.validated_data)
            else:
                pairs = zip(objects, items, strict=True)
                singly = [self.get_serializer(obj, data=item, partial=partial) for obj, item in pairs]
                bulk.one_by_one(singly, self.perform_update)
            return objects

    def _is_plain(self, verb: str) -> bool:
        """Whether saving means what it says: no hook of the endpoint or of its serializer stands in between."""
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
        wanted = parse_etags(self.request.headers.get("If-Match", "*"))
        if "*" not in wanted and self.etag(obj) not in wanted:
            raise PreconditionFailed
        return obj

    def _lockable(self) -> models.QuerySet:
        # The endpoint's queryset may join and count, which no row lock allows; it only says which rows may be seen.
        visible = self.get_queryset().order_by().values("pk")
        return self.queryset.model.objects.select_for_update().filter(pk__in=visible)

    def _again(self, obj: models.Model) -> models.Model:
        return self.get_queryset().get(pk=obj.pk)

    def _answer_many(self, objects: list[models.Model]) -> list[dict[str, Any]]:
        rows = {obj.pk: obj for obj in self.get_queryset().filter(pk__in=[obj.pk for obj in objects])}
        return self.get_serializer([rows[obj.pk] for obj in objects], many=True).data
