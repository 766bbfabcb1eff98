"""Repeatable noise: the same object at the same instant always gets the same value, in history and live."""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Seeds = NDArray[np.uint64]


def seeds(names: list[str]) -> Seeds:
    """One 64-bit seed per name, shape (1, len(names)), so that it broadcasts against instants in rows."""
    return np.array([[_seed(name) for name in names]], dtype=np.uint64)


@lru_cache(maxsize=50_000)
def _seed(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def wobble(name: str) -> float:
    """A fixed number in [-1, 1] for the name."""
    return 2 * (_seed(name) / 2**64) - 1


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014); the multiplication wraps on purpose."""
    with np.errstate(over="ignore"):
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def uniform(seed: Seeds, ts: Floats, *, every_s: float) -> Floats:
    """Values in [0, 1) that change every `every_s` seconds; `ts` has shape (instants, 1), the result (instants,
    seeds)."""
    with np.errstate(over="ignore"):
        step = np.floor(ts / every_s).astype(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = _mix(seed + step)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def wander(seed: Seeds, ts: Floats, *, every_s: float) -> Floats:
    """Smooth noise in [-1, 1]: uniform values at multiples of `every_s`, joined by a cosine."""
    share = (ts / every_s) % 1.0
    ease = (1 - np.cos(np.pi * share)) / 2
    value, next_value = uniform(seed, ts, every_s=every_s), uniform(seed, ts + every_s, every_s=every_s)
    return 2 * (value + (next_value - value) * ease) - 1
