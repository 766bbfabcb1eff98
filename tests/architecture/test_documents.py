"""Documents that name code fail here when the code moved."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "docs" / "map.md"
_CODE = re.compile(r"`([^`\s]+)`")


def named_in_map() -> list[str]:
    return sorted(set(_CODE.findall(MAP.read_text(encoding="utf-8"))))


def paths() -> list[str]:
    return [name for name in named_in_map() if "/" in name and not name.startswith(("/", "POST", "GET"))]


def symbols() -> list[str]:
    return [
        name
        for name in named_in_map()
        if re.fullmatch(r"[a-z_]+(\.[A-Za-z_0-9]+)+", name) and "/" not in name
    ]


def test_the_map_names_places():
    assert len(paths()) > 15
    assert len(symbols()) > 12


@pytest.mark.parametrize("path", paths())
def test_a_path_of_the_map_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("symbol", symbols())
def test_a_symbol_of_the_map_exists(symbol):
    parts = symbol.split(".")
    found = None
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        break
    assert found is not None
    for name in parts[length:]:
        found = getattr(found, name)


def test_every_setting_is_documented():
    settings = "\n".join(
        (ROOT / "config" / name).read_text(encoding="utf-8") for name in ("settings.py", "env.py")
    )
    variables = set(re.findall(r'"(MUSTER_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)"', settings)) - {"MUSTER_"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sorted(name for name in variables if f"`{name}`" not in readme) == []
