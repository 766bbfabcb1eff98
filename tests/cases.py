"""Tables of cases: the reason of a row is its id."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def cases(names: str | Iterable[str], rows: Mapping[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(names, rows.values(), ids=list(rows))
