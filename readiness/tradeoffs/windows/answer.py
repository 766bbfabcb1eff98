"""The question of a workload's windows from an address, and its answer for pages, charts and endpoint."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import fsum
from zoneinfo import ZoneInfo

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs import params
from readiness.tradeoffs.factors.core.series import FactorSeries
from readiness.tradeoffs.models import FactorKind
from readiness.tradeoffs.moves.options import BandedFigure, CarbonKind
from readiness.tradeoffs.windows import core as windows
from readiness.tradeoffs.windows.core import CHEAPEST, CLEANEST, DeferrableRun, Hours, Plan, Trial, Weights
from web.parameters import BadParameter
from web.rest import parameters

HOURS = 4.0
"""Operator-set default: the length of a run is not part of an envelope."""
SHORTEST_H, LONGEST_H = 0.25, 72.0
MOST_DEFERRED_H = 168.0
"""A week: markets and grids publish no hourly values further ahead."""
DAYS, MOST_DAYS = 30, 60
"""Number of past days for trying the rule; operator-set default."""


class Aim(StrEnum):
    """The aim of the rule, and the plan shown first. With a carbon price, `cost` includes carbon at that price."""

    COST = "cost"
    CARBON = "carbon"


@dataclass(frozen=True, slots=True)
class WindowsQuestion:
    """`site` "" means where the class runs; `aim` None the first known one; `at` is the text as written, "" for now.

    `carbon_price` is money per tonne of CO2e, in the answer's currency. `pauses` allows several pieces.
    """

    site: str = ""
    hours: float = HOURS
    pauses: bool = False
    aim: Aim | None = None
    carbon_price: float = 0.0
    carbon: CarbonKind = CarbonKind.AVERAGE
    currency: str = ""
    at: str = ""
    days: int = DAYS


def whole_quarters(hours: float) -> None:
    if hours % 0.25:
        raise ValidationError("Enter a multiple of a quarter of an hour.")


class WindowsQuestionSerializer(serializers.Serializer):
    site = parameters.text(help_text="Slug; the site where the workload runs unless given")
    hours = parameters.number(
        SHORTEST_H, LONGEST_H, whole_quarters, help_text=f"How long a run takes; {HOURS:g} unless given"
    )
    pauses = parameters.choice(("yes", "no"), help_text="Whether it may run in several pieces")
    aim = parameters.choice(Aim, help_text="What the rule saves: cost or carbon")
    carbon_price = parameters.number(0.0, 100_000.0, help_text="Price of a tonne CO2e")
    carbon = params.carbon()
    currency = parameters.currency(help_text="ISO 4217; that of the hourly price unless given")
    at = parameters.text(
        help_text="When it may start, ISO 8601; without an offset at the site. Now unless given"
    )
    days = serializers.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        help_text=f"Past days; {DAYS} unless given, {MOST_DAYS} at most",
    )


def question_of(query: Mapping[str, str]) -> WindowsQuestion:
    """Empty values give the defaults. Raises BadParameter with the wrong parameter."""
    stated = {name: value for name, value in query.items() if value}
    values = parameters.read_question(WindowsQuestionSerializer(data=stated))
    kinds = {"carbon": CarbonKind, "aim": Aim, "pauses": "yes".__eq__}
    return WindowsQuestion(
        **{name: kinds.get(name, lambda value: value)(value) for name, value in values.items()}
    )


def instant_of(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant in UTC. Without an offset it is local time at the site, the first of an ambiguous one. Raises
    BadParameter for a time that clocks skip.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter("at", "Enter a time such as 2026-11-25T14:00.") from error
    if not 2000 <= at.year < 2200:
        raise BadParameter("at", "Enter a year from 2000 to 2199.")
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    instant = at.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != at:
        raise BadParameter("at", f"There is no {at:%H:%M} on that day in {zone.key}: clocks jump over it.")
    return instant


PRICE = FactorKind.ELECTRICITY_PRICE
TRIED = ("at_once", "by_rule", "best")
"""Plans of a past day."""


class HoursShown(StrEnum):
    """Which hours are shown: the coming ones, the last known ones, or those from the requested instant on."""

    COMING = "coming"
    RECENT = "recent"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class SiteOfRun:
    slug: str
    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class HoursSource:
    """The source of a factor's hours; `others` are sources that cover less of the span and are not used."""

    name: str
    provenance: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Money and grams for 1 kW at the meter, and for the run if its power is known; None means unknown."""

    money: float | None
    grams: float | None
    power_kw: float | None

    @property
    def cost(self) -> float | None:
        return None if self.money is None or self.power_kw is None else self.money * self.power_kw

    @property
    def carbon_kg(self) -> float | None:
        return None if self.grams is None or self.power_kw is None else self.grams * self.power_kw / 1000

    @property
    def shown_money(self) -> float | None:
        return self.money if self.power_kw is None else self.cost

    @property
    def shown_carbon(self) -> float | None:
        return self.grams if self.power_kw is None else self.carbon_kg

    def less(self, other: "Figures") -> "Figures":
        return Figures(less(self.money, other.money), less(self.grams, other.grams), self.power_kw)


@dataclass(frozen=True, slots=True)
class Windows:
    """Plans for 1 kW at the meter, None if their objective is unknown.

    `priced` counts carbon at its price, `flat` is money and grams of as many hours at the mean of all known ones.
    `skipped` counts slots without a price, and without an intensity: with these known a plan might be better.
    """

    work: DeferrableRun
    span: HoursShown
    hours: Hours
    at_once: Plan
    flat: tuple[float | None, float | None]
    cheapest: Plan | None
    cleanest: Plan | None
    priced: Plan | None
    front: tuple[Plan, ...]
    skipped: Mapping[str, int]

    @property
    def any_plan(self) -> bool:
        return self.cheapest is not None or self.cleanest is not None


@dataclass(frozen=True, kw_only=True)
class WindowsAnswer:
    """`windows` is None if there is nothing to plan.

    `missing` are factors without hourly values. `power_kw` is at the meter, computed with `pue`; it is None, with the
    reason in `lacks`, if unknown.
    """

    question: WindowsQuestion
    envelope: Envelope
    at: datetime
    site: SiteOfRun | None
    runs_at: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]
    currency: str
    kinds: tuple[str, str]
    sources: Mapping[str, HoursSource]
    missing: tuple[str, ...]
    hourly: tuple[str, ...]
    pue: BandedFigure | None
    windows: Windows | None = None
    trial: Trial | None = None
    aim: Aim = Aim.COST

    @property
    def deferred_h(self) -> float:
        return min(self.envelope.deferrable_h, MOST_DEFERRED_H)

    @property
    def power_kw(self) -> float | None:
        if self.envelope.it_kw is None or self.pue is None or self.pue.value is None:
            return None
        return self.envelope.it_kw * self.pue.value

    @property
    def lacks(self) -> str:
        if self.envelope.it_kw is None:
            return "the envelope does not say its IT power"
        return self.pue.why_unknown if self.pue is not None else ""

    @property
    def money_unit(self) -> str:
        return self.currency if self.power_kw is not None else f"{self.currency}/kW".strip("/")

    @property
    def carbon_unit(self) -> str:
        return "kg CO2e" if self.power_kw is not None else "g CO2e/kW"

    @property
    def chosen_plan(self) -> Plan | None:
        if self.windows is None:
            return None
        if self.aim is Aim.CARBON:
            return self.windows.cleanest
        return self.windows.priced if self.question.carbon_price else self.windows.cheapest

    @property
    def hours(self) -> list[tuple[str, str, FactorSeries]]:
        if self.windows is None:
            return []
        series = (self.windows.hours.price, self.windows.hours.carbon)
        units = (f"{self.currency}/kWh", "gCO2e/kWh")
        return [
            (kind, unit, each)
            for kind, unit, each in zip(self.kinds, units, series, strict=True)
            if each is not None
        ]

    def figures(self, plan: Plan) -> Figures:
        return Figures(plan.money, plan.grams, self.power_kw)

    @property
    def flat(self) -> Figures:
        money, grams = self.windows.flat if self.windows else (None, None)
        return Figures(money, grams, self.power_kw)

    @property
    def trial_unit(self) -> str:
        return self.carbon_unit if self.aim is Aim.CARBON else self.money_unit

    def worth(self, plan: Plan) -> float | None:
        weights = weights_of(self.aim, self.question.carbon_price)
        if (weights.price and plan.money is None) or (weights.carbon and plan.grams is None):
            return None
        worth = weights.price * (plan.money or 0.0) + weights.carbon * (plan.grams or 0.0)
        figures = Figures(worth, worth, self.power_kw)
        return figures.shown_carbon if self.aim is Aim.CARBON else figures.shown_money

    def worths(self, part: str) -> list[float | None]:
        return [self.worth(getattr(day, part)) for day in (self.trial.days if self.trial else ())]


def less(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else before - after


def share(before: float | None, after: float | None) -> float | None:
    saved = less(before, after)
    return None if saved is None or before is None or before <= 0 else saved / before


def total(values: Iterable[float | None]) -> float | None:
    numbers = list(values)
    return fsum(each or 0.0 for each in numbers) if numbers and None not in numbers else None


def weights_of(aim: Aim, carbon_price: float) -> Weights:
    if aim is Aim.CARBON:
        return CLEANEST
    return windows.weights_at(carbon_price) if carbon_price else CHEAPEST
