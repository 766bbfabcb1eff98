"""Rules that the database enforces: known choices, and parts at the same site as the whole."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q
from django.db.models.constraints import BaseConstraint


def choices_held[Model: models.Model](model: type[Model]) -> type[Model]:
    """Class decorator: a CHECK for every column with choices, so that no write stores another value."""
    for field in model._meta.local_fields:
        is_array = isinstance(field, ArrayField)
        choices = field.base_field.flatchoices if is_array else field.flatchoices
        if choices:
            lookup = f"{field.name}__{'contained_by' if is_array else 'in'}"
            values = [value for value, _label in choices] + ([""] if field.blank and not is_array else [])
            name = f"{model._meta.model_name}_{field.name}_known"
            _add_constraint(model, models.CheckConstraint(condition=Q(**{lookup: values}), name=name))
    return model


def _add_constraint(model: type[models.Model], constraint: BaseConstraint) -> None:
    model._meta.constraints = [*model._meta.constraints, constraint]
    # Where makemigrations looks whether the model states any.
    model._meta.original_attrs["constraints"] = model._meta.constraints


class TableConstraint(BaseConstraint):
    """A constraint in SQL: `body` is the text after CONSTRAINT name."""

    def body(self, model: type[models.Model]) -> str:
        raise NotImplementedError

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self.body(model)}"

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """A form cannot violate this constraint."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()  # type: ignore[attr-defined]

    __hash__ = object.__hash__


class SiteReference(TableConstraint):
    """Makes (id, site) a key, which SameSite of another model refers to."""

    def body(self, model: type[models.Model]) -> str:
        return "UNIQUE (id, site_id)"


class SameSite(TableConstraint):
    """The object in `field`, if any, is at the same site as this one.

    It is a foreign key over both columns instead of a trigger, so that simultaneous transactions cannot bypass it. It
    is checked at each statement; to move a rack with its devices, use SET CONSTRAINTS ... DEFERRED first. An object
    that `follows` another has no site of its own to enter: `triggers.site_of_device` fills it in.
    """

    default_violation_error_message = "This is at another site."
    # Of the other object, beside its id.
    referenced_fields = ("site",)

    def __init__(self, *, field: str, name: str, follows: bool = False, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.field = field
        self.follows = follows

    def body(self, model: type[models.Model]) -> str:
        foreign_key = model._meta.get_field(self.field)
        target = foreign_key.related_model._meta.db_table
        return (
            f'FOREIGN KEY ({foreign_key.column}, site_id) REFERENCES "{target}" (id, site_id)'
            f"{' ON UPDATE CASCADE' if self.follows else ''} DEFERRABLE INITIALLY IMMEDIATE"
        )

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field, "follows": self.follows}

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        if self.follows or (exclude and ({self.field, "site"} & set(exclude))):
            return
        part = getattr(instance, self.field)
        if part is not None and part.site_id != instance.site_id:  # type: ignore[attr-defined]
            raise ValidationError(
                {self.field: ValidationError(self.get_violation_error_message(), code="other_site")}
            )
