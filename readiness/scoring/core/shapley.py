"""Shapley values: what each player adds to a game's worth, averaged over every order in which they may join.

Exact, over all coalitions, so for a handful of players. A coalition is a number whose bits are its players.
Contributions add up to the worth of all less the worth of none; a player who never changes anything contributes
exactly 0; two who always change the same contribute the same.

Source: L. S. Shapley, A Value for n-Person Games, 1953.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import factorial


def contributions(worths: Sequence[float]) -> tuple[float, ...]:
    """One per player, from the worth of each coalition: `worths[0]` is nobody's, `worths[-1]` everybody's."""
    players = len(worths).bit_length() - 1
    if len(worths) != 1 << players:
        raise ValueError(f"{len(worths)} worths belong to no whole number of players.")
    weights = _weights(players)
    found = []
    for player in range(players):
        bit = 1 << player
        found.append(
            sum(
                weights[coalition.bit_count()] * (worths[coalition | bit] - worths[coalition])
                for coalition in range(len(worths))
                if not coalition & bit
            )
        )
    return tuple(found)


def smallest(worths: Sequence[object]) -> tuple[int, ...]:
    """Coalitions that alone come to what everybody does, without any member to spare; none if nobody does too.

    Among several, those of fewer players first.
    """
    if worths[0] == worths[-1]:
        return ()
    enough = [coalition for coalition, worth in enumerate(worths) if worth == worths[-1]]
    least = [one for one in enough if not any(other != one and other & one == other for other in enough)]
    return tuple(sorted(least, key=lambda one: (one.bit_count(), one)))


@cache
def _weights(players: int) -> tuple[float, ...]:
    """By the number of those who joined before: the share of orders in which just these did."""
    orders = factorial(players)
    return tuple(factorial(before) * factorial(players - before - 1) / orders for before in range(players))
