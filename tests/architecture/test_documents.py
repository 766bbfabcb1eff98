"""Everything that documents name exists: paths, symbols, links, addresses, targets, commands, settings, pictures."""

import ast
import importlib
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from django.core.management import get_commands
from django.urls import Resolver404, resolve

from config import env
from telemetry import formats

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *("README.md", "CONTRIBUTING.md", "docs/map.md", "docs/glossary.md", "templates/web/README.md"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*/*.md")),
]
LARGEST_PICTURE_BYTES = 200_000
_FOLDERS = (
    "accounts|agent|benchmarks|config|docs|inventory|readiness|release|stack|static|telemetry|templates|tests"
    "|web"
)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(rf"(?:{_FOLDERS})/[\w./*-]*")
_SYMBOL = re.compile(rf"(?:{_FOLDERS})(?:\.[A-Za-z_0-9]+)+")
_PERMISSION = re.compile(r"\w+\.(?:add|change|delete|view|share|replay)_\w+")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_TARGET = re.compile(r"^(?:[A-Z_]+=\S+ )*make (?P<target>[a-z-]+)\b")
_COMMAND = re.compile(r"(?:manage\.py |make manage args='?)(?P<command>[a-z_]+)")
_ADDRESS = re.compile(r"(?:^|[ \"'(]|\$MUSTER|example\.com)(?P<path>/[a-z][\w<>./-]*)")
# What all endpoints begin with, a folder of the machine, and the page that a recipe makes.
NO_ADDRESSES = {"/api/", "/var/lib/muster", "/api/telemetry/import/"} | {
    *(
        "/etc/muster-agent/agent.yaml",
        "/etc/muster-agent/token",
        "/etc/muster-agent/targets/",
        "/var/lib/muster-agent",
    ),
    "/readiness/stages/",
    "/api/readiness/stages/",
}
_SETTING = re.compile(r"\bMUSTER_[A-Z0-9_]+")
_DEFAULT = re.compile(
    r"^\| `(?P<name>[A-Z0-9_]+)` \| (?:`(?P<code>[^`]+)`[^|]*|(?P<words>[^|]+)) \|", re.MULTILINE
)
_BYTES = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code_in(text: str) -> Iterator[str]:
    """Code spans, and lines of code blocks."""
    apart = re.split(r"^```.*$", text, flags=re.MULTILINE)
    for prose in apart[::2]:
        yield from _CODE.findall(prose)
    for block in apart[1::2]:
        yield from (line.strip() for line in block.splitlines())


def paths_in(text: str) -> list[str]:
    """Paths that begin with a folder of ours, wherever they stand; names of what a recipe makes are no paths."""
    named = {
        match[0].rstrip(".")
        for code in code_in(text)
        for match in _PATH.finditer(code)
        if starts_word(code, match)
    }
    return sorted(named)


def starts_word(code: str, match: re.Match) -> bool:
    return match.start() == 0 or code[match.start() - 1] in " '=("


def exists(path: str) -> bool:
    return any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()


def symbols_in(text: str) -> list[str]:
    return sorted(
        {
            code
            for code in code_in(text)
            if _SYMBOL.fullmatch(code) and not _PERMISSION.fullmatch(code) and not (ROOT / code).exists()
        }
    )


def resolved(symbol: str) -> object:
    parts = symbol.split(".")
    for length in range(len(parts), 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            owner = getattr(owner, name)
        return owner
    raise ModuleNotFoundError(symbol)


def is_there(symbol: str) -> bool:
    try:
        resolved(symbol)
    except (ModuleNotFoundError, AttributeError):
        return False
    return True


def targets_in(text: str) -> set[str]:
    return {match["target"] for code in code_in(text) if (match := _TARGET.match(code))}


def commands_in(text: str) -> set[str]:
    return {match["command"] for code in code_in(text) for match in _COMMAND.finditer(code)}


def anchors_of(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(document: str, text: str) -> list[str]:
    dead = []
    for target, anchor in _LINK.findall(text):
        path = (ROOT / document).parent / target if target else ROOT / document
        if not path.exists() or (anchor and anchor not in anchors_of(path)):
            dead.append(f"{target}#{anchor}" if anchor else target)
    return dead


def addresses_in(text: str) -> set[str]:
    named = {match["path"] for code in code_in(text) for match in _ADDRESS.finditer(code)}
    return named - NO_ADDRESSES


def leads_somewhere(address: str) -> bool:
    """Whether there is such an address, of a page or of an endpoint, with any object for `<id>` and `<slug>`, or of
    samples, which Django does not see."""
    if address in formats.addresses():
        return True
    try:
        resolve(re.sub(r"<\w+>", "x", address.replace("<id>", "1")))
    except Resolver404:
        return False
    return True


def defaults_in_code() -> dict[str, Any]:
    """Defaults of settings that are written as values; flags as numbers."""
    calls = (
        node
        for name in ("settings.py", "sign_in.py")
        for node in ast.walk(ast.parse((ROOT / "config" / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    defaults = {}
    for call in calls:
        kind = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if kind not in ("text", "integer", "flag", "words"):
            continue
        name, default = call.args[0], call.args[1]
        if not any(isinstance(node, ast.Name | ast.Call) for node in ast.walk(default)):
            value = eval(compile(ast.Expression(default), "default", "eval"))
            defaults[name.value] = int(value) if isinstance(value, bool) else value
    return {name: value for name, value in defaults.items() if value is not None}


def default_in(match: re.Match) -> Any:
    """Read `600`, 16 MiB, `*` and none as the values that they stand for."""
    text = match["code"] or match["words"]
    if sized := re.fullmatch(r"(\d+) (KiB|MiB|GiB)", text):
        return int(sized[1]) * _BYTES[sized[2]]
    if text in ("none", "*"):
        return [] if text == "none" else ["*"]
    return int(text) if text.isdecimal() else text


def test_documents_name_places():
    assert len(paths_in(text_of("docs/map.md"))) > 60
    assert sum(len(symbols_in(text_of(document))) for document in DOCUMENTS) > 3


def faulty(faults_in: Callable[[str], Collection[str]]) -> dict[str, Collection[str]]:
    """Faults by document, of those that have any."""
    return {document: faults for document in DOCUMENTS if (faults := faults_in(text_of(document)))}


def test_paths_exist():
    assert faulty(lambda text: [path for path in paths_in(text) if not exists(path)]) == {}


def test_symbols_exist():
    assert faulty(lambda text: [symbol for symbol in symbols_in(text) if not is_there(symbol)]) == {}


def test_links_lead_somewhere():
    assert {each: dead for each in DOCUMENTS if (dead := dead_links(each, text_of(each)))} == {}


def test_targets_of_make_exist():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert faulty(lambda text: targets_in(text) - set(targets)) == {}


def test_management_commands_exist():
    assert faulty(lambda text: commands_in(text) - set(get_commands())) == {}


def test_addresses_lead_somewhere():
    assert faulty(lambda text: {each for each in addresses_in(text) if not leads_somewhere(each)}) == {}


def test_settings_that_are_named_exist():
    assert faulty(lambda text: set(_SETTING.findall(text)) - set(env.KNOWN)) == {}


def test_defaults_of_settings_are_those_of_the_code():
    told = {match["name"]: default_in(match) for match in _DEFAULT.finditer(text_of("README.md"))}
    # A list or a text without anything is "none" to a reader.
    code = {name: [] if value == "" else value for name, value in defaults_in_code().items()}
    assert len(code) > 20
    assert {name: told.get(name) for name in code} == code


def test_every_setting_is_documented():
    settings = "\n".join(
        (ROOT / "config" / name).read_text(encoding="utf-8")
        for name in ("settings.py", "databases.py", "sign_in.py", "env.py")
    )
    variables = set(re.findall(r'"(MUSTER_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)"', settings)) - {"MUSTER_"}
    assert sorted(name for name in variables if f"`{name}`" not in text_of("README.md")) == []


def test_every_guide_is_in_the_index_once():
    index = re.findall(r"^\| \[[^]]+\]\(([a-z]+\.md)\) \|", text_of("docs/guides/README.md"), re.MULTILINE)
    guides = [path.name for path in (ROOT / "docs/guides").glob("*.md") if path.name != "README.md"]
    assert sorted(index) == sorted(guides)


def test_every_picture_is_shown_and_small():
    shown = set(re.findall(r"\]\((docs/pictures/[^)]+)\)", text_of("README.md")))
    shown |= {
        f"docs/pictures/{name}"
        for name in re.findall(r"\]\(\.\./pictures/([^)]+)\)", text_of("docs/guides/tour.md"))
    }
    assert shown == {str(path.relative_to(ROOT)) for path in (ROOT / "docs/pictures").iterdir()}
    assert {
        path: size for path in shown if (size := (ROOT / path).stat().st_size) > LARGEST_PICTURE_BYTES
    } == {}


def test_what_is_gone_is_seen():
    assert paths_in("see `readiness/nowhere/` and `POST /api/web/x/`") == ["readiness/nowhere/"]
    assert paths_in("```sh\nmake test args='tests/nowhere -k x'\n```") == ["tests/nowhere"]
    assert not exists("readiness/nowhere/")
    assert dead_links("README.md", "[a](docs/nowhere.md) [b](docs/map.md#nowhere) [c](docs/map.md)") == [
        "docs/nowhere.md",
        "docs/map.md#nowhere",
    ]
    assert not is_there("readiness.nowhere")
    assert targets_in("`make nowhere`") == {"nowhere"}
    assert commands_in("`manage.py nowhere`") == {"nowhere"}
    assert addresses_in('see `POST /api/nowhere/<id>/` and `"$MUSTER/sites/"`') == {
        "/api/nowhere/<id>/",
        "/sites/",
    }
    assert leads_somewhere("/sites/<slug>/")
    assert not leads_somewhere("/api/nowhere/<id>/")
