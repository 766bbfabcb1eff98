"""What the loader refuses, by the field it names; and that a definition survives being written out."""

import contextlib
import copy
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.core.document import dump, load, load_files
from readiness.assessment.framework.core.numbers import duration_text
from web.versioned.core.documents import DocumentError, written
from web.versioned.core.files import texts_of

SMALL = {
    "version": "small-1",
    "title": "A small framework",
    "weights": {"BLOCK": 3, "COND": 2, "INFO": 0},
    "counts": {"p1": 1},
    "pillars": [
        {"id": "p1", "name": "Power", "short_name": "Power", "question": "Is there?", "origin": "Ours."}
    ],
    "limits": [{"id": "contracted-kw", "name": "Contract", "unit": "kW", "declared_on": "site"}],
    "sources": [{"id": "S1", "title": "A book", "standing": "primary"}],
    "checks": [
        {
            "id": "p1-load",
            "pillar": "p1",
            "name": "Load",
            "why": "It matters [S1].",
            "how_to": "Lower it.",
            "waits_for": "Waits for a meter.",
            "domains": ["energy"],
            "evidence": ["TQ"],
            "gate": "BLOCK",
            "profiles": ["training", "inference", "edge"],
            "valid_for": {"max_age": "24h", "source": "OD"},
            "states": ["pass", "warn", "fail", "unknown", "stale", "waived"],
            "parts": [
                {
                    "id": "site",
                    "name": "Site load",
                    "unit": "kW",
                    "direction": "lower",
                    "measure": "Peak.",
                    "limit_from": "contracted-kw",
                    "pass": {"factor": 0.85, "source": "OD"},
                    "warn": {"factor": 0.95, "source": "OD"},
                },
                {
                    "id": "circuit",
                    "name": "Circuit load",
                    "unit": "%",
                    "direction": "lower",
                    "measure": "Peak.",
                    "pass": {"value": 80, "source": "S1"},
                },
            ],
        }
    ],
}

CHECK = ("checks", 0)
SITE = (*CHECK, "parts", 0)
CIRCUIT = (*CHECK, "parts", 1)
GONE = object()

# (reason, place to change, new value, path the error names)
REFUSED = [
    ("unknown key at the top", ("colour",), "red", "colour"),
    ("unknown key in a check", (*CHECK, "colour"), "red", "checks[p1-load].colour"),
    ("unknown key in a sub-measure", (*SITE, "min"), 3, "checks[p1-load].parts[site].min"),
    ("unknown key in a threshold", (*CIRCUIT, "pass", "max"), 3, "checks[p1-load].parts[circuit].pass.max"),
    ("missing name", (*CHECK, "name"), GONE, "checks[p1-load].name"),
    (
        "missing threshold source",
        (*CIRCUIT, "pass", "source"),
        GONE,
        "checks[p1-load].parts[circuit].pass.source",
    ),
    ("source not listed", (*CIRCUIT, "pass", "source"), "S9", "checks[p1-load].parts[circuit].pass.source"),
    ("citation not listed", (*CHECK, "why"), "As known [S77].", "checks[p1-load].why"),
    ("gate misspelt", (*CHECK, "gate"), "BLOK", "checks[p1-load].gate"),
    ("domain misspelt", (*CHECK, "domains"), ["power"], "checks[p1-load].domains"),
    ("domain named twice", (*CHECK, "domains"), ["energy", "energy"], "checks[p1-load].domains"),
    ("no domain", (*CHECK, "domains"), [], "checks[p1-load].domains"),
    ("evidence kind misspelt", (*CHECK, "evidence"), ["XX"], "checks[p1-load].evidence"),
    ("id of another form", (*CHECK, "id"), "load", "checks[load].id"),
    ("pillar not listed", (*CHECK, "pillar"), "p7", "checks[p1-load].pillar"),
    ("duration in words", (*CHECK, "valid_for", "max_age"), "a day", "checks[p1-load].valid_for.max_age"),
    ("duration as a number", (*CHECK, "valid_for", "max_age"), 86400, "checks[p1-load].valid_for.max_age"),
    ("text for a number", (*CIRCUIT, "pass", "value"), "80", "checks[p1-load].parts[circuit].pass.value"),
    ("true for a number", (*CIRCUIT, "pass", "value"), True, "checks[p1-load].parts[circuit].pass.value"),
    (
        "infinite threshold",
        (*CIRCUIT, "pass", "value"),
        float("inf"),
        "checks[p1-load].parts[circuit].pass.value",
    ),
    ("limit not listed", (*SITE, "limit_from"), "budget", "checks[p1-load].parts[site].limit_from"),
    ("limit in another unit", (*SITE, "unit"), "W", "checks[p1-load].parts[site].limit_from"),
    ("factor of zero", (*SITE, "pass", "factor"), 0, "checks[p1-load].parts[site].pass.factor"),
    ("warn not wider than pass", (*SITE, "warn", "factor"), 0.8, "checks[p1-load].parts[site].warn"),
    (
        "warn stricter than pass",
        (*CIRCUIT, "warn"),
        {"value": 70, "source": "OD"},
        "checks[p1-load].parts[circuit].warn",
    ),
    ("no pass threshold that decides", (*CIRCUIT, "pass"), GONE, "checks[p1-load].parts[circuit].pass"),
    ("presets without a limit", (*CIRCUIT, "presets"), "a-preset", "checks[p1-load].parts[circuit].presets"),
    ("all sub-measures INFO", (*CHECK, "parts"), "all-info", "checks[p1-load].parts"),
    (
        "a state it must allow",
        (*CHECK, "states"),
        ["pass", "fail", "unknown", "stale", "waived"],
        "checks[p1-load].states",
    ),
    ("a warn that no threshold gives", (*CHECK, "parts"), "no-warn", "checks[p1-load].states"),
    ("n-a missing beside a rule", (*CHECK, "not_applicable"), "single-node", "checks[p1-load].states"),
    ("a condition on nothing", (*CHECK, "not_applicable"), "empty", "checks[p1-load].not_applicable[0].when"),
    (
        "a condition on an unknown fact",
        (*CHECK, "not_applicable"),
        "unknown-fact",
        "checks[p1-load].not_applicable[0].when.moons",
    ),
    (
        "a count compared in two ways",
        (*CHECK, "not_applicable"),
        "two-operators",
        "checks[p1-load].not_applicable[0].when.nodes",
    ),
    (
        "sub-measure id with spaces",
        (*CIRCUIT, "id"),
        "Circuit load",
        "checks[p1-load].parts[Circuit load].id",
    ),
    ("id of another pillar", (*CHECK, "id"), "p2-load", "checks[p2-load].pillar"),
    ("empty name", (*CHECK, "name"), "  ", "checks[p1-load].name"),
    (
        "strict in words",
        (*CIRCUIT, "pass"),
        {"value": 80, "strict": "yes", "source": "OD"},
        "checks[p1-load].parts[circuit].pass.strict",
    ),
    ("metrics that are no texts", (*CIRCUIT, "metrics"), ["up", 3], "checks[p1-load].parts[circuit].metrics"),
    ("range upside down", CIRCUIT, "upside-down", "checks[p1-load].parts[circuit].pass.high"),
    ("set without a value", CIRCUIT, "empty-set", "checks[p1-load].parts[circuit].pass.values"),
    ("a code that passes and warns", CIRCUIT, "both", "checks[p1-load].parts[circuit].warn"),
    ("warn without pass", CIRCUIT, "warn-alone", "checks[p1-load].parts[circuit].warn"),
    ("weight missing", ("weights", "COND"), GONE, "weights.COND"),
    ("weight negative", ("weights", "COND"), -1, "weights.COND"),
    ("INFO with a weight", ("weights", "INFO"), 1, "weights.INFO"),
    ("a check too few", ("counts", "p1"), 2, "counts.p1"),
    ("a count for no pillar", ("counts", "p2"), 1, "counts.p2"),
    ("source of unknown standing", ("sources", 0, "standing"), "rumour", "sources[S1].standing"),
    ("checks not a list", ("checks",), {}, "checks"),
    ("runs counted in another way", ("sender_named",), "half", "sender_named"),
    ("minimum of an unknown tool", (*CHECK, "minimums"), "perftset", "checks[p1-load].minimums[0].tool"),
    ("minimum of an unknown figure", (*CHECK, "minimums"), "turns", "checks[p1-load].minimums[0].of"),
    ("minimum without a figure", (*CHECK, "minimums"), "bare", "checks[p1-load].minimums[0].at_least"),
    ("minimum without a source", (*CHECK, "minimums"), "unsourced", "checks[p1-load].minimums[0].source"),
    ("minimum below 0", (*CHECK, "minimums"), "negative", "checks[p1-load].minimums[0].at_least"),
    ("minimum in per cent", (*CHECK, "minimums"), "per-cent", "checks[p1-load].minimums[0].at_least"),
    ("own minimum undecided", (*CHECK, "minimums"), "undecided", "checks[p1-load].minimums[0].note"),
    ("minimum stated twice", (*CHECK, "minimums"), "twice", "checks[p1-load].minimums[1]"),
]

ENOUGH = {"tool": "perftest", "of": "iterations", "at_least": 1000, "source": "OD"}
PLAIN_PART = {"id": "circuit", "name": "Circuit", "measure": "Peak.", "direction": "equal"}
WRITTEN_OUT = {
    "a-preset": [{"id": "b", "name": "B", "value": 3, "source": "OD"}],
    "perftset": [ENOUGH | {"tool": "perftset"}],
    "turns": [ENOUGH | {"of": "turns"}],
    "bare": [{key: value for key, value in ENOUGH.items() if key != "at_least"}],
    "unsourced": [{key: value for key, value in ENOUGH.items() if key != "source"}],
    "negative": [ENOUGH | {"at_least": -1}],
    "per-cent": [ENOUGH | {"of": "load-share", "at_least": 50}],
    "undecided": [ENOUGH | {"source": "own"}],
    "twice": [ENOUGH, ENOUGH | {"at_least": 0}],
    "upside-down": {**PLAIN_PART, "direction": "range", "pass": {"low": 9, "high": 3, "source": "OD"}},
    "empty-set": {**PLAIN_PART, "pass": {"values": [], "source": "OD"}},
    "both": {
        **PLAIN_PART,
        "pass": {"values": [1, 2], "source": "OD"},
        "warn": {"values": [2], "source": "OD"},
    },
    "warn-alone": {**PLAIN_PART, "gate": "INFO", "warn": {"values": [2], "source": "OD"}},
    "no-warn": [SMALL["checks"][0]["parts"][1] | {"evidence": ["IF"]}],
    "all-info": [{**SMALL["checks"][0]["parts"][1], "gate": "INFO"}],
    "single-node": [{"when": {"nodes": {"exactly": 1}}, "reason": "One node."}],
    "empty": [{"when": {}, "reason": "Never."}],
    "unknown-fact": [{"when": {"moons": {"exactly": 1}}, "reason": "One moon."}],
    "two-operators": [{"when": {"nodes": {"at-least": 1, "at-most": 3}}, "reason": "Few."}],
}


def changed(place, value):
    definition = copy.deepcopy(SMALL)
    *way, last = place
    inner = definition
    for step in way:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = WRITTEN_OUT.get(value, value) if isinstance(value, str) else value
    return definition


def test_the_small_definition_loads():
    assert load(SMALL).check("p1-load").part("site").limit_from == "contracted-kw"


@pytest.mark.parametrize(
    ("place", "value", "path"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused_naming_the_field(place, value, path):
    with pytest.raises(DocumentError) as refused:
        load(changed(place, value))
    assert refused.value.path == path
    assert str(refused.value).startswith(f"{path}: ")


@pytest.mark.parametrize("states", [{"warn"}, set()], ids=["listed", "not listed"])
def test_what_is_measured_may_warn_without_a_threshold_since_it_may_be_declared(states):
    definition = changed((*CHECK, "parts"), [SMALL["checks"][0]["parts"][1] | {"evidence": ["VR"]}])
    listed = set(definition["checks"][0]["states"]) - {"warn"} | states
    definition["checks"][0]["states"] = sorted(listed)
    assert load(definition).check("p1-load").states == listed


@pytest.mark.parametrize(
    ("where", "path"),
    [("checks", "checks[p1-load]"), ("sources", "sources[S1]"), ("limits", "limits[contracted-kw]")],
)
def test_an_id_used_twice_is_refused(where, path):
    definition = copy.deepcopy(SMALL)
    definition[where].append(copy.deepcopy(definition[where][0]))
    with pytest.raises(DocumentError, match="id is used twice") as refused:
        load(definition)
    assert refused.value.path == path


def test_a_gate_above_the_checks_own_is_refused():
    definition = changed((*CHECK, "gate"), "COND")
    definition["checks"][0]["parts"][0]["gate"] = "BLOCK"
    with pytest.raises(DocumentError) as refused:
        load(definition)
    assert refused.value.path == "checks[p1-load].parts[site].gate"


def test_a_key_written_twice_in_yaml_is_refused():
    with pytest.raises(DocumentError, match="key 'title' is written twice"):
        load_files({"definition": "version: a\ntitle: b\ntitle: c\n"})


@pytest.mark.parametrize("text", ["version: [", "- just\n- a list", "plain words", ""], ids=repr)
def test_what_is_not_a_definition_is_refused(text):
    with pytest.raises(DocumentError):
        load_files({"definition": text})


@pytest.mark.parametrize("tag", ["timestamp soon", "bool maybe", "int x", "float x", "binary '@'", "omap x"])
def test_a_tag_that_its_value_does_not_suit_is_refused(tag):
    with pytest.raises(DocumentError):
        load_files({"definition": f"version: !!{tag}\n"})


def test_many_keys_take_no_longer_each_than_few():
    """A definition may have megabytes of them; comparing each with all others would take hours."""
    text = "".join(f"k{number}: 1\n" for number in range(5_000))
    with pytest.raises(DocumentError, match="line 5001: key 'k0' is written twice"):
        load_files({"definition": f"{text}k0: 2\n"})


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def archive(method):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name in ("framework/index.yaml", "p1.yml"):
            made.writestr(zipfile.ZipInfo(name), "a: 1\n" * 20, method)
    return target.getvalue()


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_a_damaged_archive_is_read_or_refused(method, data):
    content = bytearray(archive(METHODS[method]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(2, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 20))]
    with contextlib.suppress(DocumentError):
        texts_of("x.zip", bytes(content))


def test_only_common_ways_to_pack_are_read():
    assert set(texts_of("x.zip", archive(zipfile.ZIP_DEFLATED))) == {"index.yaml", "p1.yml"}
    for method in ("bzip2", "lzma"):
        with pytest.raises(DocumentError, match="plain zip"):
            texts_of("x.zip", archive(METHODS[method]))


def test_a_file_left_out_of_the_folder_is_noticed(tmp_path, shipped_folder):
    for file in shipped_folder.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    index = tmp_path / "index.yaml"
    index.write_text(index.read_text().replace(", p5-validation.yaml]", "]"))
    with pytest.raises(DocumentError) as refused:
        load(tmp_path)
    assert refused.value.path == "counts.p5"


def test_a_file_that_holds_no_list_is_named(tmp_path):
    (tmp_path / "index.yaml").write_text("check_files: [p1.yaml]\n")
    (tmp_path / "p1.yaml").write_text("id: p1-load\n")
    with pytest.raises(DocumentError) as refused:
        load(tmp_path)
    assert refused.value.path == "p1.yaml"


def test_the_shipped_definition_is_also_read_from_one_file(tmp_path, shipped: Framework):
    file = tmp_path / "muster.yaml"
    file.write_text(dump(shipped), encoding="utf-8")
    assert load(file) == shipped


def test_the_shipped_definition_survives_yaml(shipped: Framework):
    assert load_files({"definition": dump(shipped)}) == shipped


def test_the_shipped_definition_survives_stored_json_that_reorders_keys(shipped: Framework):
    stored = json.loads(json.dumps(written(shipped), sort_keys=True))
    again = load(stored)
    assert again == shipped
    assert again.content_digest == shipped.content_digest


def test_the_digest_changes_with_a_threshold():
    raised = changed((*CIRCUIT, "pass", "value"), 81)
    assert load(raised).content_digest != load(SMALL).content_digest


@given(st.integers(min_value=1, max_value=10**9))
def test_durations_are_read_back_as_written(seconds):
    definition = changed((*CHECK, "valid_for", "max_age"), duration_text(seconds))
    assert load(definition).check("p1-load").validity.max_age_s == seconds


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), value=plain_values)
def test_any_other_value_in_any_place_loads_or_is_refused_by_name(data, value):
    """Nothing but DocumentError comes out, whatever a user's YAML holds."""
    place = data.draw(st.sampled_from([case[1] for case in REFUSED if case[2] is not GONE]))
    definition = changed(place, GONE) if place[-1] in _holder(place) else copy.deepcopy(SMALL)
    _holder(place, definition)[place[-1]] = value
    with contextlib.suppress(DocumentError):
        load(definition)


def _holder(place, definition=SMALL):
    inner = definition
    for step in place[:-1]:
        inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
    return inner
