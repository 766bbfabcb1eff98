"""Try a series mapping rule on the stored series of its source, without writing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.db.models.fields.json import KeyTextTransform

from telemetry.core.labels import NAME
from telemetry.core.mapping import STAR, SeriesMapping, named_objects
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.mapping.models import MappingRule
from telemetry.matching import Inventory, SeriesPlace
from telemetry.models import Series, Source

MOST_SERIES = 20_000
MOST_OBJECTS = 20
MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class MappingTrial:
    """Numbers of stored series that fit a rule, by what becomes of them.

    `objects` are those that most of the `mapped` series get, each with how many. Labels of `labelled` ones name an
    object, which counts before rules. Other rules, `other_rules`, name another object for `contradicted` ones. The
    inventory has no single object of the names `missing_names` for `missing` ones. `is_cut` if more series may fit.
    """

    fitting: int
    mapped: int
    objects: list[tuple[Model, int]]
    objects_count: int
    labelled: int
    contradicted: int
    other_rules: list[str]
    missing: int
    missing_names: list[str]
    is_cut: bool

    @property
    def further_objects(self) -> int:
        return self.objects_count - len(self.objects)


class _Fates:
    """Counts what becomes of series, one after the other."""

    def __init__(
        self, source: Source, mapping: SeriesMapping, others: list[SeriesMapping], inventory: Inventory
    ):
        self.source, self.mapping, self.others, self.inventory = source, mapping, others, inventory
        self.fitting = self.labelled = self.contradicted = 0
        self.places: Counter[SeriesPlace] = Counter()
        self.missing_names: Counter[str] = Counter()
        self.other_rules: Counter[str] = Counter()

    def add(self, series: Series) -> None:
        labels = {NAME: series.metric, **series.labels}
        site_id = self.inventory.site_of(self.source, labels)
        for _, mapped_object in named_objects([self.mapping], labels, site_id):
            self.fitting += 1
            place = self.inventory.find(mapped_object)
            if self.inventory.place_by_labels(self.source, labels) is not None:
                self.labelled += 1
            elif place is None:
                self.missing_names[mapped_object.name] += 1
            elif place == self.inventory.place_by_rules(self.source, labels):
                self.places[place] += 1
            else:
                self.contradicted += 1
                self.other_rules.update(
                    other.name for other, _ in named_objects(self.others, labels, site_id)
                )


def mapping_trial(rule: MappingRule) -> MappingTrial:
    """Look at the stored series of its source as if the rule, new or changed, were in force. It must be valid."""
    source, mapping = rule.source, rule.series_mapping
    rules = MappingRule.objects.filter(source=source).exclude(pk=rule.pk).order_by("pk")
    others = [other.series_mapping for other in rules]
    fates = _Fates(source, mapping, others, Inventory([rule.site], {source.pk: [*others, mapping]}))
    count = 0
    for count, series in enumerate(_candidates(rule), start=1):
        if count <= MOST_SERIES:
            fates.add(series)
    return MappingTrial(
        fitting=fates.fitting,
        mapped=fates.places.total(),
        objects=_objects(rule, fates.places),
        objects_count=len(fates.places),
        labelled=fates.labelled,
        contradicted=fates.contradicted,
        other_rules=sorted(fates.other_rules)[:MOST_NAMES],
        missing=fates.missing_names.total(),
        missing_names=sorted(fates.missing_names)[:MOST_NAMES],
        is_cut=count > MOST_SERIES,
    )


def _candidates(rule: MappingRule) -> Iterator[Series]:
    """Stored series whose label has such a value, one more than are looked at."""
    text = "metric" if rule.label == NAME else "text"
    before, star, after = rule.value.partition(STAR)
    fits = (
        {f"{text}__istartswith": before, f"{text}__iendswith": after} if star else {f"{text}__iexact": before}
    )
    series = Series.objects.filter(source=rule.source_id).alias(text=KeyTextTransform(rule.label, "labels"))
    rows = series.filter(**fits).order_by("pk").only("metric", "labels")
    return rows[: MOST_SERIES + 1].iterator()


def _objects(rule: MappingRule, places: Counter[SeriesPlace]) -> list[tuple[Model, int]]:
    """The objects of the places with most series. One statement."""
    column = OBJECT_COLUMNS.get(rule.kind)
    if column is None:
        return [(rule.site, count) for count in places.values()]
    counts = {getattr(place, column): count for place, count in places.items()}
    ids = sorted(counts, key=lambda pk: (-counts[pk], pk))[:MOST_OBJECTS]
    model: Any = Series._meta.get_field(column.removesuffix("_id")).related_model
    rows = model.objects.all()
    if rule.kind in (MappingRule.Kind.ACCELERATOR, MappingRule.Kind.PORT):
        rows = rows.select_related("device")
    objects = rows.in_bulk(ids)
    return [(objects[pk], counts[pk]) for pk in ids if pk in objects]
