"""Why a score moved between two evaluations: the change shared out over the five causes.

The share of a cause is its Shapley value in the game of `coalitions`: the score that each set of causes alone would
have come to. Shares add up to the change, a cause that makes no difference has exactly 0, and no order of causes is
preferred. A score that does not exist (no weight applies) is worth 0 here.

Shares are told of the site's score, of each pillar's, of each check's own points (0 to 1), and of what each check is of
the site's score: its weight times its points over its pillar's weight and the number of scored pillars. The last add up
over checks to the site's. What changes hands because a check came or went and the others weigh more or less is in
`rest`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import factorial

from readiness.assessment.framework.core.vocabulary import Stage
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.coalitions import (
    APPLICABILITY,
    CAUSES,
    NONE,
    RULE,
    WAIVER,
    Between,
    Grants,
    Snapshot,
)
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import (
    SiteFigures,
    SiteVerdict,
    check_points,
    decide,
    score_site,
)
from readiness.assessment.scoring.core.states import FlipCause, Tier


def contributions(worths: Sequence[float]) -> tuple[float, ...]:
    """Each player's contribution, from the worth of coalitions: `worths[0]` is that of nobody, `worths[-1]` that of
    all."""
    players = len(worths).bit_length() - 1
    if len(worths) != 1 << players:
        raise ValueError(f"{len(worths)} worths belong to no whole number of players.")
    weights = _weights(players)
    shares = []
    for player in range(players):
        bit = 1 << player
        shares.append(
            sum(
                weights[coalition.bit_count()] * (worths[coalition | bit] - worths[coalition])
                for coalition in range(len(worths))
                if not coalition & bit
            )
        )
    return tuple(shares)


def smallest(worths: Sequence[object]) -> tuple[int, ...]:
    """Minimal coalitions that alone reach the worth of all players; none if the empty one does. Smaller coalitions come
    first."""
    if worths[0] == worths[-1]:
        return ()
    enough = [coalition for coalition, worth in enumerate(worths) if worth == worths[-1]]
    least = [
        coalition
        for coalition in enough
        if not any(other != coalition and other & coalition == other for other in enough)
    ]
    return tuple(sorted(least, key=lambda coalition: (coalition.bit_count(), coalition)))


@cache
def _weights(players: int) -> tuple[float, ...]:
    orders = factorial(players)
    return tuple(factorial(before) * factorial(players - before - 1) / orders for before in range(players))


type Causes = Mapping[FlipCause, float]
"""The contribution of each of the five causes; all five are present."""
type Sets = tuple[tuple[FlipCause, ...], ...]
"""Minimal sets of causes, each of which alone would have brought about the end."""
NOTHING: Causes = dict.fromkeys(CAUSES, 0.0)


@dataclass(frozen=True, slots=True)
class Move:
    start: float | None
    end: float | None
    by: Causes

    @property
    def change(self) -> float:
        return (self.end or 0.0) - (self.start or 0.0)


@dataclass(frozen=True, slots=True)
class CheckMove:
    """A check that changed; None at an end whose version has no such check. `points` are its own points from 0 to 1,
    `share` its part of the site's score. `moved_by` is empty if the state is the same at both ends."""

    check_id: str
    pillar: str
    start: CombinedCheck | None
    end: CombinedCheck | None
    points: Causes
    share: Causes
    moved_by: Sets


@dataclass(frozen=True, slots=True)
class VerdictMove:
    start: SiteVerdict
    end: SiteVerdict
    moved_by: Sets


@dataclass(frozen=True, slots=True)
class GrantMove:
    """A grant in force at one end only. `kind` is waivers, exceptions or declared_na; `covers` is a check, or
    check/part."""

    kind: str
    covers: str
    grant: HeldGrant
    began: bool


@dataclass(frozen=True, slots=True)
class FactMove:
    fact: str
    start: object
    end: object


@dataclass(frozen=True, slots=True)
class Explanation:
    """`checks` are those that changed, the largest effect on the score first."""

    start_at: datetime
    end_at: datetime
    versions: tuple[str, str]
    stages: tuple[Stage, Stage]
    score: Move
    pillars: Mapping[str, Move]
    checks: tuple[CheckMove, ...]
    rest: Causes
    verdict: VerdictMove
    grants: tuple[GrantMove, ...]
    facts: tuple[FactMove, ...]


@dataclass(frozen=True, slots=True)
class _Game:
    """Every coalition of the causes that make a difference, by its bit number."""

    players: tuple[int, ...]
    results: tuple[tuple[CombinedCheck, ...], ...]
    scores: tuple[SiteFigures, ...]
    verdicts: tuple[SiteVerdict, ...]

    def shares_by_cause(self, worths: Sequence[float]) -> Causes:
        causes = dict(NOTHING)
        for bit, share in zip(self.players, contributions(worths), strict=True):
            causes[_cause(bit)] = share
        return causes

    def sets(self, worths: Sequence[object]) -> Sets:
        return tuple(
            tuple(_cause(bit) for place, bit in enumerate(self.players) if coalition & 1 << place)
            for coalition in smallest(worths)
        )


def explain(start: Snapshot, end: Snapshot) -> Explanation:
    between = Between(start, end)
    game = _play(between)
    shares = _shares(game)
    moves, rest = [], dict(NOTHING)
    for check_id in between.check_ids():
        share = game.shares_by_cause(shares[check_id]) if check_id in shares else NOTHING
        move = _check_move(check_id, between, game, share)
        if move is not None:
            moves.append(move)
        else:
            rest = {cause: rest[cause] + share[cause] for cause in CAUSES}
    moves.sort(key=lambda move: -sum(map(abs, move.share.values())))
    verdicts = [decision.verdict for decision in game.verdicts]
    return Explanation(
        start_at=start.evaluated_at,
        end_at=end.evaluated_at,
        versions=(start.framework.version, end.framework.version),
        stages=(start.inputs.context.stage, end.inputs.context.stage),
        score=_move(game, [score.result.score for score in game.scores]),
        pillars=_pillars(game),
        checks=tuple(moves),
        rest=rest,
        verdict=VerdictMove(game.verdicts[0], game.verdicts[-1], game.sets(verdicts)),
        grants=tuple(_grant_moves(between)),
        facts=tuple(_fact_moves(between)),
    )


def _play(between: Between) -> _Game:
    relevant = _relevant(between)
    players = tuple(bit for bit in (1 << place for place in range(len(CAUSES))) if relevant & bit)
    results, scores, verdicts = [], [], []
    for number in range(1 << len(players)):
        coalition = sum(bit for place, bit in enumerate(players) if number & 1 << place)
        framework = between.frameworks[bool(coalition & RULE)]
        evaluated = [between.result(check.id, coalition) for check in framework.checks]
        checks = tuple(result for result in evaluated if result is not None)
        stage = between.contexts[bool(coalition & APPLICABILITY)].stage
        exceptions = between.grants[bool(coalition & WAIVER)].exceptions
        results.append(checks)
        scores.append(score_site(checks, [pillar.id for pillar in framework.pillars]))
        verdicts.append(decide(checks, stage=stage, exceptions=exceptions, now=between.ends[1].evaluated_at))
    return _Game(players, tuple(results), tuple(scores), tuple(verdicts))


def _relevant(between: Between) -> int:
    relevant = NONE
    for check_id in between.check_ids():
        relevant |= between.relevant(check_id)
    if between.grants[0].exceptions != between.grants[1].exceptions:
        relevant |= WAIVER
    if between.contexts[0].stage != between.contexts[1].stage:
        relevant |= APPLICABILITY
    pillars = [[pillar.id for pillar in framework.pillars] for framework in between.frameworks]
    return relevant | RULE if pillars[0] != pillars[1] else relevant


def _cause(bit: int) -> FlipCause:
    return CAUSES[bit.bit_length() - 1]


def _move(game: _Game, scores: Sequence[float | None]) -> Move:
    return Move(scores[0], scores[-1], game.shares_by_cause([score or 0.0 for score in scores]))


def _pillars(game: _Game) -> dict[str, Move]:
    by_coalition = [
        {pillar: of_pillar.score for pillar, of_pillar in score.pillars.items()} for score in game.scores
    ]
    ids = dict.fromkeys(pillar for scores in (by_coalition[-1], by_coalition[0]) for pillar in scores)
    return {pillar: _move(game, [scores.get(pillar) for scores in by_coalition]) for pillar in ids}


def _shares(game: _Game) -> dict[str, list[float]]:
    by_check: dict[str, list[float]] = {}
    for number, (results, score) in enumerate(zip(game.results, game.scores, strict=True)):
        weights = {pillar: of_pillar.weight for pillar, of_pillar in score.pillars.items()}
        scored = sum(of_pillar.score is not None for of_pillar in score.pillars.values())
        for result in results:
            points = check_points(result.state)
            if points and result.weight:
                shares = by_check.setdefault(result.check_id, [0.0] * len(game.scores))
                shares[number] = result.weight * points / (weights[result.pillar] * scored)
    return by_check


def _check_move(check_id: str, between: Between, game: _Game, share: Causes) -> CheckMove | None:
    start, end = between.end_results(check_id)
    if not between.relevant(check_id):
        return None
    coalitions = [
        sum(bit for place, bit in enumerate(game.players) if number & 1 << place)
        for number in range(len(game.scores))
    ]
    results = [between.result(check_id, coalition) for coalition in coalitions]
    points = game.shares_by_cause(
        [(check_points(result.state) or 0.0) if result else 0.0 for result in results]
    )
    if _same(start, end) and not any(points.values()):
        return None
    either_end = end or start
    assert either_end is not None, "A check of neither version was asked about."
    states = [result.state if result else None for result in results]
    return CheckMove(check_id, either_end.pillar, start, end, points, share, game.sets(states))


def _same(start: CombinedCheck | None, end: CombinedCheck | None) -> bool:
    if start is None or end is None:
        return start is end
    return _decides(start) == _decides(end)


def _decides(result: CombinedCheck) -> tuple[object, ...]:
    return result.state, result.gate, result.weight, result.tier is Tier.CAPPED


def _grant_moves(between: Between) -> Iterable[GrantMove]:
    before, after = between.grants
    for kind, old, new in zip(Grants._fields, before, after, strict=True):
        for covers in sorted({*old, *new}):
            if old.get(covers) == new.get(covers):
                continue
            if covers in old:
                yield GrantMove(kind, covers, between.grant_at(False, kind, covers), began=False)
            if covers in new:
                yield GrantMove(kind, covers, between.grant_at(True, kind, covers), began=True)


def _fact_moves(between: Between) -> Iterable[FactMove]:
    before, after = between.contexts
    for fact in sorted(between.facts):
        yield FactMove(fact, getattr(before, fact), getattr(after, fact))
