"""Rows of the database are kept by the kit `web/cached/` alone: no module has a cache, a lock or a dict of its own."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("accounts", "config", "inventory", "readiness", "telemetry", "web")
KIT = "web/cached/"
CACHES = {"cache", "lru_cache"}
CONTAINERS = {"dict", "list", "set", "OrderedDict", "defaultdict", "WeakKeyDictionary", "WeakValueDictionary"}
READS_ROWS = {"objects", "_default_manager", "cursor", "binary_cursor", "fetched", "in_bulk", "get_queryset"}
PLAIN = {
    *("str", "int", "float", "bool", "bytes", "date", "datetime", "timedelta", "None", "tuple", "frozenset"),
    *("type", "Any", "Callable"),
}

MAY_LOCK = {
    "telemetry/core/known_series.py": "gives each series one place, whichever thread of a process reads it first",
    "readiness/loop/alerts/heartbeat/operations.py": "calls each address in a thread of its own",
    "accounts/counting.py": "counts tries while Valkey is away",
    "accounts/throttling.py": "counts unknown tokens, and reads no row",
    "web/delivery/addresses.py": "asks a resolver beside its thread, which may take long",
    "web/delivery/courier.py": "starts its thread once",
    "web/delivery/http.py": "ends a connection at its time",
    "web/delivery/senders/chat.py": "knows which thread a line of the log is of",
    "web/serving/work.py": "knows the connection of its thread",
}
MAY_CACHE = {
    "accounts/backends.py::_users": "the form of a statement, which reads no row",
    "web/help/documents.py::_rendered": "a file of the docs as it was last written",
    "web/search.py::_model_of": "the model of a declared list, which is not read",
    "web/ranking.py::_kept": "the SQL of a declared list, which is not read",
}
MAY_CHANGE_ITSELF = {
    "web/serving/work.py::_of_process": "the pool of threads",
    "web/workers.py::_noted_at": "when this worker last said that it lives",
}
MAY_HOLD = {
    "accounts/counting.py": "counts tries while Valkey is away",
    "accounts/throttling.py": "counts tries and unknown tokens",
    "telemetry/drain.py": "keys of series, which never change, within bounds",
    "web/security_log/recording.py": "counts events of an hour, and reads no row",
    "web/delivery/tasks.py": "the courier of a process, which holds what is being sent",
    "telemetry/receive.py": "the door takes samples without a statement: senders for seconds, keys of series",
}
MAY_USE_VALKEY = {"accounts/counting.py", "accounts/throttling.py"}


@cache
def modules() -> list[tuple[str, ast.Module]]:
    names = {
        path.relative_to(ROOT).as_posix(): path for top in PRODUCT for path in (ROOT / top).rglob("*.py")
    }
    return [
        (name, ast.parse(path.read_text(encoding="utf-8")))
        for name, path in sorted(names.items())
        if "/migrations/" not in name and not name.startswith((KIT, "readiness/demo/"))
    ]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def sources(tree: ast.Module) -> dict[str, str]:
    """Map each imported name to its module."""
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def is_cached(function: ast.FunctionDef) -> bool:
    decorators = (each.func if isinstance(each, ast.Call) else each for each in function.decorator_list)
    return any(ast.unparse(each).rpartition(".")[2] in CACHES for each in decorators)


def depends_on_rows(function: ast.FunctionDef, imported: dict[str, str]) -> bool:
    """Whether it is keyed by anything but plain values and values of cores, or reads rows."""
    arguments = (*function.args.args, *function.args.kwonlyargs)
    of_arguments = {
        name.id
        for argument in arguments
        if argument.annotation and not ast.unparse(argument.annotation).startswith("type[")
        for name in ast.walk(argument.annotation)
        if isinstance(name, ast.Name)
    }
    foreign = {name for name in of_arguments - PLAIN if "core" not in imported.get(name, "").split(".")}
    local = foreign and "core" not in imported.get("__module__", "").split(".")
    names = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return bool(local) or bool(names & READS_ROWS)


def test_cached_functions_are_pure():
    found = {
        f"{name}::{function.name}"
        for name, tree in modules()
        for function in functions(tree)
        if is_cached(function)
        and depends_on_rows(
            function, sources(tree) | {"__module__": name.removesuffix(".py").replace("/", ".")}
        )
    }
    assert found == set(MAY_CACHE)


def test_no_module_fills_a_container_of_its_own():
    """One function that looks into a module's container and fills it is a cache; a register has two."""
    found = set()
    for name, tree in modules():
        empty = set()
        for node in tree.body:
            value = getattr(node, "value", None)
            if isinstance(node, ast.Assign | ast.AnnAssign) and is_empty(value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                empty |= {target.id for target in targets if isinstance(target, ast.Name)}
        for function in functions(tree):
            found |= {f"{name}::{each}" for each in empty & filled(function) & looked_into(function)}
            found |= {
                f"{name}::{each}"
                for node in ast.walk(function)
                if isinstance(node, ast.Global)
                for each in node.names
            }
    assert found == set(MAY_CHANGE_ITSELF)


def test_no_module_has_an_object_that_fills_a_container():
    """An object of the module, of a class that begins with an empty dict or the like."""
    holders = {
        node.name
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and begins_empty(node)
    }
    found = {
        name
        for name, tree in modules()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] in holders
    }
    assert found == set(MAY_HOLD)


def begins_empty(kind: ast.ClassDef) -> bool:
    return any(
        isinstance(node, ast.Assign | ast.AnnAssign) and is_empty(node.value)
        for function in kind.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
        for node in ast.walk(function)
    )


def is_empty(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rpartition(".")[2] in CONTAINERS
    return (isinstance(value, ast.Dict) and not value.keys) or (
        isinstance(value, ast.List) and not value.elts
    )


def filled(function: ast.FunctionDef) -> set[str]:
    return {
        node.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
    }


def looked_into(function: ast.FunctionDef) -> set[str]:
    stores = {
        id(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    return {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in stores
    }


def test_no_module_has_a_lock_of_its_own():
    assert {name for name, tree in modules() if "threading" in imported_modules(tree)} == set(MAY_LOCK)


def test_valkey_holds_counters_alone():
    """A value that is packed there would have another shape after an upgrade."""
    users = {name for name, tree in modules() if "django.core.cache" in imported_modules(tree)}
    assert users == MAY_USE_VALKEY


def imported_modules(tree: ast.Module) -> set[str]:
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_the_rules_find_what_they_look_for():
    kept = ast.parse(
        "_kept = {}\n"
        "@lru_cache(maxsize=2)\n"
        "def since(stamp: Stamp): return {}\n"
        "@cache\n"
        "def sites(): return list(Site.objects.all())\n"
        "@lru_cache\n"
        "def day(on: date) -> str: return str(on)\n"
        "def facts(key):\n"
        "    if key not in _kept:\n"
        "        _kept[key] = 1\n"
        "    return _kept[key]\n"
    )
    since, sites, day, facts = functions(kept)
    imported = {"Stamp": "web.audit.stamps"}
    assert [depends_on_rows(each, imported) for each in (since, sites, day)] == [True, True, False]
    assert filled(facts) & looked_into(facts) == {"_kept"}
