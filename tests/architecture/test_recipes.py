"""The code of the recipes in CONTRIBUTING.md does what the recipes say."""

import importlib
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.urls import include, path, resolve
from drf_spectacular.generators import SchemaGenerator

import readiness.boards
from config import urls as config_urls
from readiness.assessment.evidence.core.parsed import ParseError
from readiness.assessment.framework.core.document import load as load_framework
from telemetry import formats
from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, labels_of
from telemetry.core.registry import load as load_registry
from tests.inventory import made
from tests.published import Published
from tests.web.routes.test_permissions import clients, line_of
from web import yaml_documents

__all__ = ["clients"]
ROOT = Path(__file__).resolve().parents[2]
RECIPES = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
IOR = """\
IOR-4.0.0: MPI Coordinated Test of Parallel I/O
Max Write: 2671.12 MiB/sec (2800.88 MB/sec)
Max Read:  3890.40 MiB/sec (4079.38 MB/sec)
Finished            : Tue Nov 24 10:03:22 2026
"""


def code_of(recipe: str, language: str) -> list[str]:
    """The blocks of code that a recipe has, without the indentation of their step."""
    _, _, after = RECIPES.partition(f"# {recipe}\n")
    section = re.split(r"^##", after, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", section, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in blocks]


def test_the_check_is_one(tmp_path):
    folder = shutil.copytree(ROOT / "readiness/assessment/framework/data/muster", tmp_path / "muster")
    definition, record = code_of("A check", "yaml")
    pillar, index = folder / "p4-ownership.yaml", folder / "index.yaml"
    pillar.write_text(pillar.read_text("utf-8") + "\n" + definition, "utf-8")
    counts = len(load_framework(ROOT / "readiness/assessment/framework/data/muster").checks_of("p4"))
    index.write_text(index.read_text("utf-8").replace(f"p4: {counts}", f"p4: {counts + 1}"), "utf-8")
    check = load_framework(folder).check("p4-spare-parts")
    [part] = check.parts
    routine = yaml_documents.read(record)[check.id]
    assert part.pass_at.bound.contains(routine["parts"][part.id])
    assert routine["every"] <= part.validity.max_age_s / 86_400


def test_the_metric_is_one(tmp_path):
    folder = shutil.copytree(ROOT / "telemetry/data", tmp_path / "data")
    [definition] = code_of("A metric", "yaml")
    metrics = folder / "metrics/node.yaml"
    metrics.write_text(metrics.read_text("utf-8").rstrip() + "\n" + definition, "utf-8")
    metric = load_registry(folder).get("node_filesystem_device_error")
    assert [metric.health[0].judge(value) for value in (0.0, 1.0)] == ["ok", "critical"]


def test_the_format_reads_and_refuses(monkeypatch):
    decoder, registration = code_of("A format", "python")
    graphite = ModuleType("graphite")
    exec(decoder, graphite.__dict__)
    added = eval(registration, vars(formats) | {"_graphite": lambda: graphite})
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, added))
    headers = formats.BodyHeaders("text/x-graphite; charset=utf-8")
    assert formats.format_of("/api/telemetry/import/", headers) is added

    def read(body):
        window, limits = TakenTimes(1_795_500_000_000, 0), formats.BodyLimits(max_series=3)
        return added.load().decode(body, headers, window=window, limits=limits, cache=KeyCache())

    columns = read(b"load.one 1.5 1795500000\nload.one 2 1795499940\n" + b"m" * 300 + b" 1 1795500000")
    assert [labels_of(key) for key in columns.keys] == [{"__name__": "load.one"}]
    assert (columns.value.tolist(), columns.ts_ms[0]) == ([1.5, 2.0], 1_795_500_000_000)
    assert columns.rejected.counts == {"label_too_long": 1}
    for refused in (b"load 1", b"load x 1", b"load 1 " + b"9" * 30, b"a 1 1\n" * 4):
        with pytest.raises(formats.BodyError):
            read(refused)


def test_the_parser_reads_and_refuses():
    [code] = code_of("A parser", "python")
    module = ModuleType("ior")
    exec(code, module.__dict__)
    figures = module.parse(IOR.encode()).figures
    assert [(each.operation, each.value, each.unit) for each in figures] == [
        ("write", 2671.12, "MiB/s"),
        ("read", 3890.4, "MiB/s"),
    ]
    for refused in (
        IOR.replace("Finished", "WARNING: incorrect data on read"),
        IOR.partition("Finished")[0],
    ):
        with pytest.raises(ParseError):
            module.parse(refused.encode())


def test_the_kind_is_the_one_that_the_tests_of_the_kit_use():
    """`tests/web/kinds/test_new_kind.py` puts these files into the house, and the house below them."""
    folder = ROOT / "tests/web/kinds/fans"
    codes = code_of("A kind of object", "python")
    for name, code in zip(("models.py", "kinds.py", "urls.py"), codes, strict=True):
        text = (folder / name).read_text("utf-8").replace("tests.web.kinds.fans", "fans")
        assert code == text.replace('    path("", include("config.urls")),\n', "")


@pytest.fixture
def report(tmp_path, monkeypatch, settings):
    """The page of the recipe, as if its files stood in the house."""
    package, template = tmp_path / "boards/stages", tmp_path / "templates/readiness/stages/page.html"
    package.mkdir(parents=True)
    template.parent.mkdir(parents=True)
    queries, tables, views = code_of("A report", "python")
    [api] = code_of("An endpoint", "python")
    modules = {"__init__": "", "queries": queries, "tables": tables, "views": views, "api": api}
    for name, code in modules.items():
        (package / f"{name}.py").write_text(code, "utf-8")
    template.write_text(*code_of("A report", "html"), "utf-8")
    monkeypatch.setattr(readiness.boards, "__path__", [*readiness.boards.__path__, str(package.parent)])
    settings.TEMPLATES = [
        {**engine, "DIRS": [*engine["DIRS"], template.parents[2]]} for engine in settings.TEMPLATES
    ]
    module = importlib.import_module("readiness.boards.stages.views")
    addresses = ModuleType("addresses_of_the_recipe")
    addresses.handler403 = config_urls.handler403
    addresses.urlpatterns = [
        path("readiness/stages/", module.page, name="stages"),
        path("api/readiness/stages/", importlib.import_module("readiness.boards.stages.api").stages),
        path("", include("config.urls")),
    ]
    monkeypatch.setitem(sys.modules, addresses.__name__, addresses)
    settings.ROOT_URLCONF = addresses.__name__
    yield "/readiness/stages/"
    for name in [name for name in sys.modules if name.startswith("readiness.boards.stages")]:
        del sys.modules[name]
    del readiness.boards.stages


@pytest.mark.django_db
def test_the_report_answers_with_its_table_and_file(report, client_of):
    made.site(name="Porto", slug="porto", stage="building")
    answer = client_of("viewer").get(report)
    assert answer.status_code == 200
    table = answer.context["table"]
    assert [row.cells[0].text for row in table.rows] == ["Porto"]
    assert answer.context["building"] == 1
    lines = b"".join(client_of("viewer").get(f"{report}?export=csv").streaming_content).decode().splitlines()
    assert len(lines) == 2


@pytest.mark.django_db
def test_the_line_of_permissions_is_that_of_the_report(report, clients):
    assert f"\n   {line_of(report.removeprefix('/'), *clients)}\n" in RECIPES


@pytest.mark.django_db
def test_the_endpoint_answers_what_its_schema_says(report, client_of):
    site = made.site(name="Porto", slug="porto", stage="building")
    address = f"/api{report}"
    answer = client_of("viewer").get(address)
    [row] = answer.json()["results"]
    assert (row["site"]["id"], row["site"]["slug"], row["stage"]) == (site.pk, "porto", "building")
    endpoint = path(address.removeprefix("/"), resolve(address).func)
    schema = Published(SchemaGenerator(patterns=[endpoint]).get_schema(request=None, public=True))
    assert schema.faults(address, "get", answer) == []
    assert "Null if nobody entered it" in str(schema.document["components"])
