"""Homes of what serves several sites, in forms and lists."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from inventory.models import Region, Site
from inventory.models.homes import Homed, home_is_open
from web import scopes
from web.kinds.declaring import ObjectForm
from web.rest.lookups import Flag
from web.tables import Column

HOME_FIELDS = ("home_region", "home_site", "is_home_chosen")
HOME_GROUP = ("Home", HOME_FIELDS)
_WITHIN = "A region or a site of yours: what is of the whole installation is for users who see all sites."


def home_text(obj: Homed) -> str:
    if obj.home is not None:
        return str(obj.home)
    if obj.home_region_id or obj.home_site_id:
        return "outside your sites"
    return "the whole installation" if obj.is_home_chosen else "not chosen"


def home_column() -> Column:
    """Needs home region and home site joined in."""
    return Column("home", "Home", value=home_text)


def home_filters() -> dict[str, Flag]:
    return {"without_home": Flag(read=lambda _key: home_is_open(), label="Home not chosen")}


def home_fields() -> dict[str, forms.Field]:
    """The fields of a home for a form that is not made of the model's columns."""
    column = Homed._meta.get_field("is_home_chosen")
    return {
        "home_region": _place(Region),
        "home_site": _place(Site),
        "is_home_chosen": forms.BooleanField(
            required=False,
            initial=True,
            label=str(column.verbose_name).capitalize(),  # type: ignore[union-attr]
            help_text=str(column.help_text),  # type: ignore[union-attr]
        ),
    }


def _place(model: type[Region | Site]) -> forms.ModelChoiceField:
    field = Homed._meta.get_field(f"home_{model._meta.model_name}")
    return forms.ModelChoiceField(
        model._default_manager.order_by("name", "pk"),
        required=False,
        to_field_name="slug",
        label=str(field.verbose_name).capitalize(),  # type: ignore[union-attr]
        help_text=str(field.help_text),  # type: ignore[union-attr]
    )


def offer_homes(form: forms.BaseForm) -> None:
    """Offer a user with scopes the homes within them; the only one is chosen at first."""
    if scopes.sees_all():
        return
    form.fields.pop("is_home_chosen")
    form.fields["home_region"].help_text = _WITHIN
    for name in ("home_region", "home_site"):
        offered = offer_writable(form, name)[:2]
        if len(offered) == 1 and not {"home_region", "home_site"} & form.initial.keys():
            key = form.fields[name].to_field_name or "pk"  # type: ignore[attr-defined]
            form.initial[name] = getattr(offered[0], key)


def offer_writable(form: forms.BaseForm, name: str) -> QuerySet[Any]:
    """Offer in this choice only the objects that the user may write; return them."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    assert field.queryset is not None
    field.queryset = scopes.writable(field.queryset)
    return field.queryset


def refuse_homeless(form: forms.BaseForm) -> None:
    """Add an error if a user with scopes would give something to the whole installation."""
    home = form.cleaned_data.get("home_region") or form.cleaned_data.get("home_site")
    if not scopes.sees_all() and not home and not {"home_region", "home_site"} & form.errors.keys():
        form.add_error("home_region", _WITHIN)


class HomeForm(ObjectForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_homes(self)

    def clean(self) -> dict[str, Any]:
        super().clean()
        refuse_homeless(self)
        return self.cleaned_data
