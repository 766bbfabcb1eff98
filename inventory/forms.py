"""Forms for adding and changing inventory objects by hand."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.text import capfirst, slugify

from inventory.attributes import MAX_NUMBER, MAX_TEXT, Attribute, Shape, schema_of
from inventory.models import (
    Device,
    DeviceType,
    DomainChoices,
    Port,
    Rack,
    Site,
)
from web.fields import similar
from web.forms import Suggesting
from web.kinds.declaring import ObjectForm

# Number of names offered while typing; a site may have thousands of ports.
MOST_SUGGESTIONS = 300


class SiteField(forms.ModelChoiceField):
    """A site that is not retired, by its slug."""

    def __init__(self, **options: Any) -> None:
        sites = Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk")
        super().__init__(sites, **{"to_field_name": "slug", "label": "Site", **options})


class NamedField(forms.CharField):
    """Another object of a site, by its name: a select would list every device of the fleet.

    `site_field` is the form's field for the site.
    """

    def __init__(self, model: type[Model], *, site_field: str = "site", **kwargs: Any) -> None:
        kwargs.setdefault("label", capfirst(str(model._meta.verbose_name)))
        super().__init__(max_length=200, widget=Suggesting(), **kwargs)
        self.model = model
        self.site_field = site_field

    def site_objects(self, site: Any) -> QuerySet[Any]:
        if self.model is Port:
            return Port.objects.filter(device__site=site).select_related("device")
        return self.model._default_manager.filter(site=site)

    def find(self, text: str, site: Site) -> Model:
        candidates = list(self.site_objects(site).filter(self._named(text))[:2])
        exact = [each for each in candidates if str(each) == text]
        if len(exact or candidates) != 1:
            names = {str(each).casefold(): str(each) for each in self.site_objects(site)[:MOST_SUGGESTIONS]}
            alike = similar(text, names)
            meant = f" Did you mean {alike}?" if alike else ""
            raise ValidationError(f"{site} has no {self.model._meta.verbose_name} “{text}”.{meant}")
        return (exact or candidates)[0]

    def _named(self, text: str) -> Q:
        if self.model is not Port:
            return Q(name__iexact=text)
        words = text.split(" ")
        condition = Q(pk__in=[])
        for cut in range(1, len(words)):
            condition |= Q(device__name__iexact=" ".join(words[:cut]), name__iexact=" ".join(words[cut:]))
        return condition


class InventoryForm(ObjectForm):
    """A form whose NamedFields are looked up at their site."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self._named_fields():
            self._begin_named(name, field)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "The name in addresses. Empty: Muster makes it from the name."
        for name, unit in self.units.items():
            if name in self.fields:
                self.fields[name].help_text = _help_text(self.fields[name], unit)

    def _named_fields(self) -> list[tuple[str, NamedField]]:
        return [(name, field) for name, field in self.fields.items() if isinstance(field, NamedField)]

    def _begin_named(self, name: str, field: NamedField) -> None:
        """Fill in the object's name, from the changed object or from a link's `?rack=7`."""
        target = getattr(self.instance, name, None) if getattr(self.instance, f"{name}_id", None) else None
        initial_id = self.initial.get(name)
        if target is None and initial_id is not None:
            target = field.model._default_manager.filter(pk=initial_id).first()
        self.initial[name] = str(target) if target is not None else ""
        if target is not None:
            self.initial.setdefault(field.site_field, site_of(target))
        site = self.initial.get(field.site_field)
        if site is not None:
            field.widget.suggestions = [str(each) for each in field.site_objects(site)[:MOST_SUGGESTIONS]]

    def clean_slug(self) -> str:
        return self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""))[:100]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, field in self._named_fields():
            text, site = cleaned.get(name), cleaned.get(field.site_field)
            cleaned[name] = None
            if text and site is not None:
                try:
                    cleaned[name] = field.find(text.strip(), site)
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned


def _help_text(field: forms.Field, unit: str) -> str:
    """The help text of a field without the unit shown beside it; the endpoint states the unit in the help text."""
    text = str(field.help_text).replace(f", {unit}", "").removeprefix(f"{unit}, ")
    return "" if text in (unit, field.label) else capfirst(text)


def site_of(obj: Any) -> int:
    return obj.device.site_id if isinstance(obj, Port) else obj.site_id


@cache
def zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(zoneinfo.available_timezones())]


class SiteForm(InventoryForm):
    profiles = forms.MultipleChoiceField(
        label="Profiles",
        choices=Site.Profile.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=zones, initial="UTC")


# The likely domain of a kind of product.
DOMAIN_OF = {
    **dict.fromkeys(["accelerator", "node", "server", "storage"], DomainChoices.COMPUTE),
    **dict.fromkeys(["switch", "router", "gateway"], DomainChoices.NETWORK),
    **dict.fromkeys(["pdu", "ups", "meter"], DomainChoices.ENERGY),
}


class DeviceTypeForm(InventoryForm):
    """Has a field for each attribute of the kind; the kind is chosen first."""

    begins_with = ("kind",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].widget = forms.HiddenInput()
        kind = self.data.get("kind") or self.initial.get("kind")
        self.kind = kind if kind in DeviceType.Kind.values else DeviceType.Kind.OTHER
        self.initial["kind"] = self.kind
        self.initial.setdefault("domain", DOMAIN_OF.get(self.kind))
        if self.kind == DeviceType.Kind.ACCELERATOR:
            # An accelerator is in a node, so it has no rack height.
            self.fields.pop("u_height", None)
        for attribute in schema_of(self.kind):
            self.fields[f"attribute_{attribute.key}"] = attribute_field(attribute)
            self.initial[f"attribute_{attribute.key}"] = self.instance.attributes.get(attribute.key)
        self.order_fields([name for name in self.fields if name != "changelog_message"])

    def choices_of_kind(self) -> list[dict[str, Any]]:
        return [
            {"label": label, "value": value, "current": value == self.kind}
            for value, label in DeviceType.Kind.choices
        ]

    def clean_slug(self) -> str:
        names = [str(self.cleaned_data.get(name, "")) for name in ("manufacturer", "model")]
        return self.cleaned_data["slug"] or slugify(" ".join(names))[:100]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        entered = {each.key: cleaned.get(f"attribute_{each.key}") for each in schema_of(self.kind)}
        self.instance.attributes = {key: value for key, value in entered.items() if value not in (None, "")}
        return cleaned


def attribute_field(attribute: Attribute) -> forms.Field:
    field = _attribute_field(attribute, str(attribute.label))
    field.unit = attribute.unit  # type: ignore[attr-defined]
    return field


def _attribute_field(attribute: Attribute, label: str) -> forms.Field:
    if attribute.shape is Shape.NUMBER:
        return forms.FloatField(label=label, required=False, validators=[_positive], max_value=MAX_NUMBER)
    if attribute.shape is Shape.COUNT:
        return forms.IntegerField(label=label, required=False, min_value=1, max_value=int(MAX_NUMBER))
    if attribute.shape is Shape.TEXT:
        return forms.CharField(label=label, required=False, max_length=MAX_TEXT)
    choices = [("", "–"), *((value, value) for value in attribute.choices)]
    return forms.ChoiceField(label=label, required=False, choices=choices)


def _positive(value: float) -> None:
    if value <= 0:
        raise ValidationError("A number above 0 is expected.")


class DeviceForm(InventoryForm):
    rack = NamedField(Rack, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = DeviceType.objects.exclude(kind=DeviceType.Kind.ACCELERATOR)
        self.fields["device_type"].queryset = types  # type: ignore[attr-defined]


class OfDeviceForm(InventoryForm):
    """A part of a device; the device is found by its name at the site."""

    site = forms.ModelChoiceField(label="Site", queryset=Site.objects.all())
    device = NamedField(Device)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["site", "device"])


class AcceleratorForm(OfDeviceForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [DeviceType.Kind.ACCELERATOR, DeviceType.Kind.OTHER]
        types = DeviceType.objects.filter(kind__in=kinds)
        self.fields["device_type"].queryset = types  # type: ignore[attr-defined]


class CapacityEventForm(InventoryForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields["happened_on"]
        day.help_text = "The change counts from the end of this day, in the site’s time zone"


class LinkForm(InventoryForm):
    port_a = NamedField(
        Port,
        site_field="site_a",
        label="First port",
        required=False,
        help_text="Device and port, such as leaf-1 Ethernet1",
    )
    port_b = NamedField(Port, site_field="site_b", label="Second port", required=False)


class PowerFeedForm(InventoryForm):
    rack = NamedField(Rack, required=False)
    device = NamedField(
        Device,
        required=False,
        label="Measured by",
        help_text="The PDU or meter that measures it",
    )
