"""Endpoints of a model: read, write, and write many at once. Each write is one transaction: all of it or nothing."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.utils.http import parse_etags
from rest_framework import status, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from web import actor
from web.rest.errors import PreconditionFailed, refusal
from web.rest.pagination import MAX_LIMIT
from web.rest.serializers import item_id


def etag_of(obj: models.Model) -> str:
    """A weak ETag of what the object itself stores; that a related object was renamed does not change it."""
    values = "\x1f".join(f"{field.attname}={getattr(obj, field.attname)!r}" for field in obj._meta.concrete_fields)
    return f'W/"{hashlib.blake2s(values.encode(), digest_size=12).hexdigest()}"'


class ReadOnlyObjectViewSet(viewsets.ReadOnlyModelViewSet):
    """Give `queryset` (with what its serializer reads joined in), `serializer_class` and `filterset_class`."""

    filterset_class: Any = None
    lookup_value_regex = "[0-9]+"

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        obj = self.get_object()
        return self._answer(obj)

    def _answer(self, obj: models.Model, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(obj).data, status=code, headers={"ETag": etag_of(obj)})


class ObjectViewSet(ReadOnlyObjectViewSet, viewsets.ModelViewSet):
    """CRUD, and bulk POST, PUT, PATCH and DELETE of a list of objects on the list's address.

    `perform_create`, `perform_update` and `perform_destroy` may call an operation in place of saving; a bulk write then
    calls them item by item. Left alone, a bulk write takes the same number of statements however many items it has.
    """

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if isinstance(request.data, list):
            return self._create_many(request)
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
            self.perform_destroy(self._locked_one())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def bulk_update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        with transaction.atomic():
            locked = self._locked_many(request.data)
            serializer = self.get_serializer(data=request.data, many=True, partial=partial)
            serializer.existing = dict(locked)
            serializer.is_valid(raise_exception=True)
            targets = [locked[item["id"]] for item in request.data]
            self._update_all(targets, serializer)
        return Response(self._answer_many(targets))

    def bulk_partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.bulk_update(request, *args, partial=True, **kwargs)

    def bulk_destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            locked = self._locked_many(request.data)
            for message in (item.get("changelog_message") for item in request.data):
                if isinstance(message, str) and message and "\x00" not in message:
                    actor.note(message[:200])
            if type(self).perform_destroy is ObjectViewSet.perform_destroy:
                self.queryset.model.objects.filter(pk__in=locked).delete()
            else:
                for obj in locked.values():
                    self.perform_destroy(obj)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _create_many(self, request: Request) -> Response:
        _refuse_length(request.data)
        serializer = self.get_serializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        model = self.queryset.model
        with transaction.atomic():
            if not self._is_plain("create"):
                created = self._item_by_item(request.data, self.perform_create)
            else:
                created = [model(**values) for values in serializer.validated_data]
                _all_or_blame(lambda: model.objects.bulk_create(created), created, lambda obj: obj.save(force_insert=True))
        return Response(self._answer_many(created), status=status.HTTP_201_CREATED)

    def _update_all(self, targets: list[models.Model], serializer: Any) -> None:
        if not self._is_plain("update"):
            self._item_by_item(self.request.data, self.perform_update, targets, partial=serializer.partial)
            return
        fields = sorted({name for values in serializer.validated_data for name in values})
        for obj, values in zip(targets, serializer.validated_data, strict=True):
            for name, value in values.items():
                setattr(obj, name, value)
        in_order = sorted(targets, key=lambda obj: obj.pk)
        if fields:
            manager = self.queryset.model.objects
            _all_or_blame(lambda: manager.bulk_update(in_order, fields), targets, lambda obj: obj.save(update_fields=fields))

    def _is_plain(self, verb: str) -> bool:
        """Whether saving means what it says: no hook of the endpoint or of its serializer stands in between."""
        hook = f"perform_{verb}"
        serializer = self.get_serializer_class()
        return getattr(type(self), hook) is getattr(ObjectViewSet, hook) and (
            getattr(serializer, verb) is getattr(ModelSerializer, verb) and serializer.save is ModelSerializer.save
        )

    def _item_by_item(
        self, items: list[Any], save: Callable[[Any], None], targets: list[models.Model] | None = None, *, partial: bool = False
    ) -> list[models.Model]:
        done, errors = [], {}
        for index, item in enumerate(items):
            serializer = self.get_serializer(targets[index] if targets else None, data=item, partial=partial)
            try:
                with transaction.atomic():
                    serializer.is_valid(raise_exception=True)
                    save(serializer)
            except ValidationError as error:
                errors[index] = error.detail
            except IntegrityError as error:
                errors[index] = refusal(error)
            done.append(serializer.instance)
        if errors:
            raise ValidationError(errors)
        return done

    def _locked_one(self) -> models.Model:
        key = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        obj = self._lockable().filter(**{self.lookup_field: key}).first()
        if obj is None:
            raise Http404
        self.check_object_permissions(self.request, obj)
        wanted = parse_etags(self.request.headers.get("If-Match", "*"))
        if "*" not in wanted and etag_of(obj) not in wanted:
            raise PreconditionFailed
        return obj

    def _locked_many(self, items: Any) -> dict[int, models.Model]:
        """The objects that the items name, by id, locked in one order so that two bulk writes never wait for each other."""
        if not isinstance(items, list):
            raise ValidationError({"detail": "A list of objects is needed here; a single object has an address of its own."})
        _refuse_length(items)
        ids = [item_id(item) for item in items]
        locked = {obj.pk: obj for obj in self._lockable().filter(pk__in=[key for key in ids if key is not None]).order_by("pk")}
        errors = {
            index: {"id": ["No such object."] if key is not None else ["Each item needs the id of its object."]}
            for index, key in enumerate(ids)
            if key not in locked
        }
        errors |= {index: {"id": ["Named twice."]} for index, key in enumerate(ids) if key in ids[:index] and key in locked}
        if errors:
            raise ValidationError(errors)
        return locked

    def _lockable(self) -> models.QuerySet:
        # The endpoint's queryset may join and count, which no row lock allows; it only says which rows may be seen.
        visible = self.get_queryset().order_by().values("pk")
        return self.queryset.model.objects.select_for_update().filter(pk__in=visible)

    def _again(self, obj: models.Model) -> models.Model:
        """As a reader gets it: defaults of the database filled in, related objects joined."""
        return self.get_queryset().get(pk=obj.pk)

    def _answer_many(self, objects: list[models.Model]) -> list[dict[str, Any]]:
        rows = {obj.pk: obj for obj in self.get_queryset().filter(pk__in=[obj.pk for obj in objects])}
        return self.get_serializer([rows[obj.pk] for obj in objects], many=True).data


def _refuse_length(items: list[Any]) -> None:
    if not 0 < len(items) <= MAX_LIMIT:
        raise ValidationError({"detail": f"A list of 1 to {MAX_LIMIT} objects is needed, this one has {len(items)}."})


def _all_or_blame(all_at_once: Callable[[], object], objects: list[models.Model], one: Callable[[models.Model], object]) -> None:
    """Save all in one statement; when the database refuses, find out which ones by saving them singly, and keep none."""
    try:
        with transaction.atomic():
            all_at_once()
            _check_deferred()
    except IntegrityError as refused:
        errors: dict[int, Any] = {}
        for index, obj in enumerate(objects):
            try:
                with transaction.atomic():
                    one(obj)
                    _check_deferred()
            except IntegrityError as error:
                errors[index] = refusal(error)
        raise ValidationError(errors or refusal(refused)) from refused


def _check_deferred() -> None:
    """Foreign keys are otherwise checked at commit, too late to say whose they are."""
    transaction.get_connection().check_constraints()
