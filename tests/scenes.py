"""Fleets that many tests begin at: a function that fills in a database becomes a scene, built once in a run."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from tests.conftest import NOW, FrozenClock
from tests.database import MIGRATED, Scene
from tests.inventory import made
from web import clock


def scene(*, on: Scene = MIGRATED, at: datetime = NOW) -> Callable[[Callable[[FrozenClock], Any]], Scene]:
    """Each test gets a copy of what the function returns: models, or anything else that can be pickled."""

    def scene_from(fill: Callable[[FrozenClock], Any]) -> Scene:
        def build() -> Any:
            frozen = FrozenClock(at)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(clock, "_read", frozen)
                # Names that tests number by themselves are then other ones.
                patched.setattr(made, "_numbers", count(scene.first_key))
                return fill(frozen)

        scene = Scene(fill.__name__, build, on)
        return scene

    return scene_from
