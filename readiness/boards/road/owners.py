"""Who answers for what holds a site, as blocks of the road: one for each team."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import slugify

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.queries.standing import FleetStanding
from readiness.boards.road.core.threads import NOBODY
from readiness.boards.road.steps import RoadStep
from readiness.organisation.ownership.core.standing import Item, item_of
from readiness.organisation.ownership.models import Assignment


@dataclass(frozen=True, slots=True)
class RoadOwner:
    """`lead` is the accountable person, for readers who may see names; "" where several are."""

    key: str
    name: str
    lead: str = ""

    @property
    def is_gap(self) -> bool:
        return self.key == NOBODY


GAP = RoadOwner(NOBODY, "No owner")


class Owners:
    """Finds the owner of a check at a site: the team of its item, else that of the site's orchestration, else the text
    on the site, else whoever is named for the step itself."""

    def __init__(self, fleet: FleetStanding, steps: Iterable[RoadStep], *, now: datetime) -> None:
        self.items = items_by_check(fleet.framework)
        self.cells: dict[int, dict[str, str]] = defaultdict(dict)
        self._leads: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, str] = {}
        in_force = Assignment.objects.only_in_force(now).filter(fleet.among("site")).order_by()
        columns = ("site_id", "item", "team__slug", "team__name", "accountable__name")
        for site_id, item, slug, name, lead in in_force.values_list(*columns):
            self._names[slug] = name
            self._leads[slug].add(lead)
            self.cells[site_id][item] = slug
        # Whoever is named by text for several steps is one owner, by the key of the first.
        self.doers: dict[str, str] = {}
        named_steps = [step for step in steps if step.doer_id is None and step.doer_name]
        for step in sorted(named_steps, key=lambda step: (step.kind, step.pk)):
            self.doers.setdefault(step.doer_name, step.doer_key)
        texts = {site.ref.id: site.ref.owner.strip() for site in fleet.sites}
        keys = {text: f"text-{slugify(text)}" for text in set(texts.values()) if text}
        self.texts = {key: text for text, key in keys.items()}
        self.sites = {site_id: keys[text] for site_id, text in texts.items() if text}

    def terms_at(self, site_id: int) -> Hashable:
        """Sites whose terms are equal have the same owners of checks without a step."""
        return frozenset(self.cells.get(site_id, {}).items()), self.sites.get(site_id)

    def key_of(self, site_id: int, check_id: str, step: RoadStep | None) -> str:
        cells = self.cells.get(site_id)
        if cells:
            team = cells.get(self.items.get(check_id, Item.ORCHESTRATION)) or cells.get(Item.ORCHESTRATION)
            if team is not None:
                return team
        if key := self.sites.get(site_id):
            return key
        return self.doers.get(step.doer_name) or step.doer_key or NOBODY if step else NOBODY

    def blocks(self, keys: Iterable[str], doers: Mapping[str, str], *, names: bool) -> dict[str, RoadOwner]:
        """The owners of these keys; `doers` are the names of those named for a step alone."""
        return {key: self._block(key, doers, names=names) for key in sorted(set(keys))}

    def _block(self, key: str, doers: Mapping[str, str], *, names: bool) -> RoadOwner:
        if key == NOBODY:
            return GAP
        if key in self._names:
            leads = self._leads[key]
            lead = next(iter(leads)) if names and len(leads) == 1 else ""
            return RoadOwner(key, self._names[key], lead)
        return RoadOwner(key, self.texts.get(key) or doers.get(key) or "somebody")


def items_by_check(framework: Framework) -> dict[str, Item]:
    return {check.id: item_of(check.domains) for check in framework.checks}
