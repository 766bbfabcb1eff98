"""The map fits one screen, has each row once, and its rows stand in the order of imports."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES_OF_A_SCREEN = 74
_CELLS = re.compile(r"^\| (?P<first>[^|]+) \| (?P<rest>.+) \|$", re.MULTILINE)
_CODE = re.compile(r"`([^`\s]+)`")

MAP = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")


def rows(text: str) -> list[tuple[str, str]]:
    """First cell and the others, without heads of tables."""
    return [
        (row["first"], row["rest"])
        for row in _CELLS.finditer(text)
        if not row["first"].startswith(("folder", "beside", "to change", "---"))
    ]


def folders_in_order() -> list[str]:
    """The layers of both contracts, as folders: each floor, and in the place of readiness its rooms."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors, rooms = [each["layers"] for each in settings["contracts"] if each["type"] == "layers"]
    layers = [layer for floor in floors for layer in (rooms if floor == "readiness" else [floor])]
    return [layer.replace(".", "/") + "/" for layer in layers]


def places_out_of_order(text: str) -> list[str]:
    """Rows whose first place lies in a folder that stands above that of the row before."""
    order = [*folders_in_order(), "docs/"]
    firsts = [_CODE.findall(rest)[0] for _, rest in rows(text)]
    ranks = [next(rank for rank, folder in enumerate(order) if place.startswith(folder)) for place in firsts]
    return [place for place, rank, before in zip(firsts[1:], ranks[1:], ranks, strict=False) if rank < before]


FOLDERS, _, CHANGES = MAP.partition("## To change something")


def test_it_fits_one_screen():
    assert len(MAP.splitlines()) <= LINES_OF_A_SCREEN


def test_every_folder_has_one_row_in_the_order_of_imports():
    firsts = [first.strip("`") for first, _ in rows(FOLDERS)]
    order = folders_in_order()
    assert firsts[: len(order)] == order


def test_every_row_and_every_place_stands_once():
    firsts = [first for first, _ in rows(MAP)]
    places = [_CODE.findall(rest)[0] for _, rest in rows(CHANGES)]
    assert len(firsts) == len(set(firsts))
    assert len(places) == len(set(places)) > 20


def test_what_to_change_stands_in_the_order_of_imports():
    assert places_out_of_order(CHANGES) == []


def test_disorder_is_seen():
    assert places_out_of_order("| a | `web/kinds/` |\n| b | `config/urls.py` |\n") == ["config/urls.py"]
