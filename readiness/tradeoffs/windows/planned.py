"""The windows of one workload at one site, from its hours; pure but for what `queries` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from readiness.tradeoffs.core import deferral
from readiness.tradeoffs.core.deferral import CHEAPEST, CLEANEST, Hours, Plan, Trial, Weights
from readiness.tradeoffs.core.windows import DeferrableRun
from readiness.tradeoffs.placing.figures import FactorInput
from readiness.tradeoffs.windows.params import MOST_DEFERRED_H, Aim, WindowsQuestion
from readiness.workloads.core.envelope import Envelope

PRICE = "electricity_price"


class HoursShown(StrEnum):
    """Which hours are looked at: those ahead, the last that are known, or from the instant that was asked for."""

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
    """The source of a factor's hours; `others` are sources that know less of the span, and are not used."""

    name: str
    provenance: str
    unit: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flat:
    """The cost of as many hours at the mean of all known ones of the span."""

    money: float | None
    grams: float | None


@dataclass(frozen=True, slots=True)
class Windows:
    """Plans for 1 kW at the meter, None where what they are weighed by is unknown. `priced` counts carbon at its price.

    `skipped` are slots of the span without a price, and without an intensity: with these known it could be better.
    """

    work: DeferrableRun
    span: HoursShown
    hours: Hours
    at_once: Plan
    flat: Flat
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
    """`windows` None where there is nothing to plan: `why_not` says why. `missing` are factors without any hours.

    `power_kw` is at the meter, `pue` what it was worked out with; None with `lacks` where it is unknown.
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
    pue: FactorInput | None
    windows: Windows | None = None
    trial: Trial | None = None
    aim: Aim = Aim.COST

    @property
    def deferred_h(self) -> float:
        return min(self.envelope.deferrable_h, MOST_DEFERRED_H)

    @property
    def power_kw(self) -> float | None:
        if self.envelope.it_kw is None or self.pue is None or self.pue.known is None:
            return None
        return self.envelope.it_kw * self.pue.known.value

    @property
    def lacks(self) -> str:
        """Why the power at the meter is unknown."""
        if self.envelope.it_kw is None:
            return "the envelope does not say its IT power"
        return self.pue.lacks if self.pue is not None and self.pue.known is None else ""

    def money(self, per_kw: float | None) -> float | None:
        return None if per_kw is None or self.power_kw is None else per_kw * self.power_kw

    def kg(self, grams_per_kw: float | None) -> float | None:
        return None if grams_per_kw is None or self.power_kw is None else grams_per_kw * self.power_kw / 1000

    @property
    def chosen(self) -> Plan | None:
        """The plan of the aim."""
        if self.windows is None:
            return None
        if self.aim is Aim.CARBON:
            return self.windows.cleanest
        return self.windows.priced if self.question.carbon_price else self.windows.cheapest

    def worth(self, plan: Plan) -> float | None:
        """Return what the aim weighs of a plan, for 1 kW: money, with carbon at its price, or grams."""
        weights = weights_of(self.aim, self.question.carbon_price)
        if (weights.price and plan.money is None) or (weights.carbon and plan.grams is None):
            return None
        return weights.price * (plan.money or 0.0) + weights.carbon * (plan.grams or 0.0)


def weights_of(aim: Aim, carbon_price: float) -> Weights:
    if aim is Aim.CARBON:
        return CLEANEST
    return deferral.with_carbon_price(carbon_price) if carbon_price else CHEAPEST


def work_of(
    hours: Hours, question: WindowsQuestion, deferred_h: float, *, now: datetime, asked_at: datetime | None
) -> tuple[DeferrableRun, HoursShown]:
    """From the instant asked for, else from now if the run fits into what is known ahead, else the last known hours."""
    long, put_off = timedelta(hours=question.hours), timedelta(hours=deferred_h)
    span, start_at = HoursShown.ASKED, asked_at
    if start_at is None:
        span, start_at = HoursShown.COMING, deferral.on_grid(now, hours.step)
        until = _known_until(hours)
        if until is not None and until < start_at + long:
            span, start_at = HoursShown.RECENT, until - long - put_off
    start_at = deferral.on_grid(start_at, hours.step)
    return DeferrableRun(question.hours, start_at, start_at + long + put_off, not question.pauses), span


def _known_until(hours: Hours) -> datetime | None:
    """Up to when everything that is known by the hour is."""
    ends = [deferral.known_until(each) for each in (hours.price, hours.carbon) if each is not None]
    return min((end for end in ends if end is not None), default=None)


def windows_of(hours: Hours, work: DeferrableRun, span: HoursShown, carbon_price: float) -> Windows:
    inside = hours.within(work.earliest_at, work.deadline_at)
    slots = -(-(work.deadline_at - work.earliest_at) // hours.step)
    return Windows(
        work=work,
        span=span,
        hours=inside,
        at_once=deferral.at_once(hours, work),
        flat=Flat(deferral.flat(hours.price, work), deferral.flat(hours.carbon, work)),
        cheapest=deferral.best(hours, work, CHEAPEST),
        cleanest=deferral.best(hours, work, CLEANEST),
        priced=deferral.best(hours, work, deferral.with_carbon_price(carbon_price)) if carbon_price else None,
        front=deferral.trade_off(hours, work),
        skipped={
            name: slots - sum(slot.value is not None for slot in each.slots)
            for name, each in (("price", inside.price), ("carbon", inside.carbon))
            if each is not None
        },
    )


def trial_of(hours: Hours, work: DeferrableRun, days: int, weights: Weights, zone: ZoneInfo) -> Trial:
    """The same work asked for on each of the days before, at the same time at the site."""
    first = work.earliest_at.astimezone(zone)
    before = [first.date() - timedelta(days=back) for back in range(days, 0, -1)]
    asks = deferral.asked_on(before, first.timetz().replace(tzinfo=None), zone)
    return deferral.tried(hours, _as_asked(asks, work), weights, zone)


def _as_asked(asks: Sequence[datetime], work: DeferrableRun) -> list[DeferrableRun]:
    length = work.deadline_at - work.earliest_at
    return [DeferrableRun(work.hours, at, at + length, work.contiguous) for at in asks]
