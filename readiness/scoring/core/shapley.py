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
    """Each player's contribution, from the worth of coalitions: `worths[0]` is nobody's, `worths[-1]` everybody's."""
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
    """Coalitions that alone come to what everybody does, without any member to spare; none if nobody does too.

    Among several, those of fewer players first.
    """
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
    """The share of orders in which exactly these players joined before, by their number."""
    orders = factorial(players)
    return tuple(factorial(before) * factorial(players - before - 1) / orders for before in range(players))
