"""Many objects in one write: all of them or none, and for each refused one the reason."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, models, transaction
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer

from web.rest.errors import refusal
from web.rest.pagination import MAX_LIMIT
from web.rest.serializers import item_id


def locked(items: Any, rows: models.QuerySet) -> dict[int, models.Model]:
    """The objects that the items name, by id.

    Locked in the order of ids, so that two bulk writes never wait for each other.
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
        raise ValidationError(
            {"detail": "A list of objects is needed; a single one has an address of its own."}
        )
    if not 0 < len(items) <= MAX_LIMIT:
        raise ValidationError(
            {"detail": f"A list of 1 to {MAX_LIMIT} objects is needed, this has {len(items)}."}
        )


def insert(objects: list[models.Model]) -> None:
    manager = type(objects[0])._default_manager
    _all_or_blame(objects, lambda: manager.bulk_create(objects), lambda obj: obj.save(force_insert=True))


def update(objects: list[models.Model], values: list[dict[str, Any]]) -> None:
    fields = sorted({name for each in values for name in each})
    for obj, each in zip(objects, values, strict=True):
        for name, value in each.items():
            setattr(obj, name, value)
    if fields:
        manager = type(objects[0])._default_manager
        in_order = sorted(objects, key=lambda obj: obj.pk)
        _all_or_blame(
            objects,
            lambda: manager.bulk_update(in_order, fields),
            lambda obj: obj.save(update_fields=fields),
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
    """Save all in one statement. When the database refuses, save singly to learn which ones it means; keep none."""
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
    """Foreign keys are otherwise checked at commit, too late to say whose they are."""
    transaction.get_connection().check_constraints()
