"""Mappings of a source: which object its series describe whose labels name none. Pure.

A mapping compares one label. A star stands for any text, the same in the label's value and in the name of the object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telemetry.core.labels import NAME
from telemetry.core.matching import By, MatchCandidate, ObjectKind, host_forms, uuid_form

STAR = "*"


class BadMapping(ValueError):
    """A mapping that cannot be applied; `field` is the wrong one."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class MappedObject:
    """The object that a mapping names. The name of a site is empty."""

    site_id: int
    kind: ObjectKind
    name: str

    @property
    def candidates(self) -> list[MatchCandidate]:
        """Keys by which the inventory may have the object. An accelerator or a port has its host before a slash."""
        name = self.name.lower()
        host, slash, part = name.partition("/")
        keys: list[tuple[By, tuple[str, ...]]]
        match self.kind:
            case ObjectKind.ACCELERATOR if not slash:
                keys = [(By.UUID, (uuid_form(name),)), (By.SERIAL, (name,))]
            case ObjectKind.ACCELERATOR:
                keys = [(By.HOST_INDEX, (form, part)) for form in host_forms(host)]
            case ObjectKind.PORT:
                keys = [(By.HOST_PORT, (form, part)) for form in host_forms(host)]
            case ObjectKind.DEVICE:
                keys = [(By.HOST, (form,)) for form in host_forms(name)]
            case _:
                keys = [(By.NAME, (name,))]
        return [MatchCandidate(self.kind, by, key) for by, key in keys]


@dataclass(frozen=True, slots=True)
class SeriesMapping:
    """One mapping. An empty `metric` is every metric. Raises BadMapping."""

    name: str
    metric: str
    label: str
    value: str
    site_id: int
    kind: ObjectKind
    object_name: str

    def __post_init__(self) -> None:
        for field in ("metric", "value", "object_name"):
            if getattr(self, field).count(STAR) > 1:
                raise BadMapping(field, "One star at most.")
        if STAR in self.object_name and STAR not in self.value:
            raise BadMapping(
                "object_name", "A star needs one in the value of the label, whose text it repeats."
            )
        if self.kind is ObjectKind.SITE and self.object_name:
            raise BadMapping("object_name", "Leave it empty: the object is the site itself.")
        if self.kind is not ObjectKind.SITE and not self.object_name:
            raise BadMapping("object_name", "Name the object.")

    def named_object(self, labels: Mapping[str, str]) -> MappedObject | None:
        """The object that it names for a series with these labels; None if it does not fit the series."""
        if self.metric and matched_text(self.metric, labels.get(NAME, "")) is None:
            return None
        text = matched_text(self.value, labels.get(self.label, ""))
        if text is None:
            return None
        return MappedObject(self.site_id, self.kind, self.object_name.replace(STAR, text))


def matched_text(pattern: str, text: str) -> str | None:
    """The text that the star of a pattern stands for, empty without a star; None if the text does not fit. Case is
    ignored: the text is in small letters."""
    before, star, after = pattern.lower().partition(STAR)
    text = text.lower()
    if not star:
        return "" if text == before else None
    is_fit = len(text) > len(before) + len(after) and text.startswith(before) and text.endswith(after)
    return text[len(before) : len(text) - len(after)] if is_fit else None


def named_objects(
    mappings: Iterable[SeriesMapping], labels: Mapping[str, str], site_id: int | None
) -> list[tuple[SeriesMapping, MappedObject]]:
    """The mappings that fit a series, each with the object that it names. If `site_id` is the site of the series, other
    sites' mappings do not fit."""
    pairs = (
        (mapping, mapping.named_object(labels))
        for mapping in mappings
        if site_id is None or mapping.site_id == site_id
    )
    return [(mapping, mapped_object) for mapping, mapped_object in pairs if mapped_object is not None]
