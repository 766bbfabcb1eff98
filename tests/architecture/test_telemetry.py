"""Formats of samples are named in `telemetry/formats` alone, and tables of samples in `telemetry/store` alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from telemetry.formats import FORMATS
from tests.architecture.test_rooms import ROOT, Imports, imports_of

PRODUCT = ("accounts", "config", "inventory", "readiness", "stack", "telemetry", "web")
# Senders speak a format, and so do the benchmarks, which are not looked at for formats.
NAMES_A_FORMAT = {
    "readiness/demo/core/wire.py": "the demo's sender writes real bodies",
    "readiness/demo/sender.py": "the demo's sender sends them",
    "telemetry/core/write_requests.py": "what the agent and a remote storage are sent",
    "telemetry/store/remote/connection.py": "a remote storage takes samples by it",
    "telemetry/snippets.py": "a sender's own configuration, in its own words",
}
# One measures what the database alone would take.
OPENS_THE_STORE = {"benchmarks/ingest.py"}
TABLE = re.compile(r"(?<![a-z_])telemetry_(sample|rollup|block|damagedblock|hottable)")


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def words_of_formats() -> re.Pattern[str]:
    """Names in any spelling, and what no other part of Muster has to do with."""
    names = [r"[\s_-]*".join(each.name.split()) for each in FORMATS]
    return re.compile("|".join([*names, "snappy", "x-protobuf"]), re.IGNORECASE)


def naming(pattern: re.Pattern[str], texts: Iterator[tuple[str, str]], *, within: str) -> set[str]:
    return {name for name, text in texts if not name.startswith(within) and pattern.search(text)}


def test_formats_are_named_by_their_folder_alone():
    modules = naming(words_of_formats(), sources(*PRODUCT), within="telemetry/formats/")
    assert modules == NAMES_A_FORMAT.keys()


def test_tables_of_samples_are_named_by_their_store_alone():
    models = [each.__name__ for each in apps.get_models() if TABLE.match(each._meta.db_table)]
    pattern = re.compile("|".join([TABLE.pattern, *(rf"\b{name}\b" for name in models)]))
    assert naming(pattern, sources(*PRODUCT, "benchmarks"), within="telemetry/store/") == set()


@pytest.mark.parametrize(
    ("pattern", "text", "is_named"),
    [
        pytest.param(words_of_formats(), "class RemoteWrite:", True, id="a class"),
        pytest.param(words_of_formats(), "# remote\nwrite", True, id="a comment over two lines"),
        pytest.param(words_of_formats(), 'path("api/v1/write")', False, id="the address"),
        pytest.param(TABLE, "FROM telemetry_samplebatch WHERE", True, id="a table"),
        pytest.param(TABLE, "telemetry_rollup_5m_20261124", True, id="a partition"),
        pytest.param(TABLE, 'Counter("muster_telemetry_samples")', False, id="a figure of /metrics"),
    ],
)
def test_a_name_is_seen(pattern: re.Pattern[str], text: str, is_named: bool):
    assert bool(naming(pattern, iter([("telemetry/drain.py", text)]), within="telemetry/store/")) is is_named


@pytest.fixture(scope="module")
def product_imports() -> Imports:
    return imports_of(ROOT)


@pytest.mark.parametrize(
    ("folder", "through"),
    [
        pytest.param("store", OPENS_THE_STORE, id="store"),
        pytest.param(
            "formats", NAMES_A_FORMAT.keys() | {"agent/scraping.py", "benchmarks/steps.py"}, id="formats"
        ),
    ],
)
def test_store_and_formats_are_used_by_their_face(product_imports: Imports, folder: str, through: set[str]):
    modules = {path.stem for path in Path(ROOT / "telemetry" / folder).glob("[a-z]*.py")}
    inside = {
        f"{module} imports {name}"
        for module, names in product_imports.items()
        if not module.startswith(f"telemetry/{folder}/") and module not in through
        for name in names
        if name.startswith(f"telemetry.{folder}.") and name.split(".")[2] in modules
    }
    assert inside == set()
