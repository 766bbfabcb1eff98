"""Differences of two definitions in words: nothing that changes goes without a line."""

import copy
import json

import pytest

from readiness.assessment.framework.core.definition import Validity
from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.wording import changes, name_checks, validity
from web.versioned.core.documents import DocumentError, written


def part_of(mapping, check_id, part_id):
    [check] = [one for one in mapping["checks"] if one["id"] == check_id]
    return next(part for part in check["parts"] if part["id"] == part_id)


def told(shipped, edit):
    mapping = copy.deepcopy(written(shipped))
    edit(mapping)
    return [change.text for change in changes(shipped, load(mapping))]


def test_a_raised_factor_is_told_with_its_limit(shipped):
    def edit(mapping):
        part_of(mapping, "p1-rdma-port", "bandwidth")["warn"]["factor"] = 0.9

    assert told(shipped, edit) == [
        "p1-rdma-port / bandwidth: warn ≥ 0.95 × RDMA port rate floor → ≥ 0.90 × RDMA port rate floor"
    ]


def test_an_own_decision_is_told_with_who_decided(shipped):
    def edit(mapping):
        part_of(mapping, "p1-rdma-port", "ports-covered")["pass"] = {
            "value": 98, "source": "own", "note": "Two ports wait for optics", "decided_by": "Mira Kovač",
            "decided_on": "2026-11-25",
        }  # fmt: skip

    assert told(shipped, edit) == [
        "p1-rdma-port / ports-covered: pass ≥ 100 % → ≥ 98 %",
        "p1-rdma-port / ports-covered: source of pass OD → own (Mira Kovač, 2026-11-25)",
        "p1-rdma-port / ports-covered: note of pass none → Two ports wait for optics",
    ]


def test_what_came_and_went_is_one_line_each(shipped):
    def edit(mapping):
        mapping["checks"] = [one for one in mapping["checks"] if one["id"] != "p1-rdma-port"]
        mapping["counts"]["p1"] -= 1
        mapping["weights"]["COND"] = 1
        part_of(mapping, "p1-intra-node", "busbw")["id"] = "bus-bandwidth"

    assert told(shipped, edit) == [
        "weight of COND 2 → 1",
        "p1-rdma-port: removed",
        "p1-intra-node / bus-bandwidth: added",
        "p1-intra-node / busbw: removed",
    ]


def test_minimums_are_told_with_source_and_note(shipped):
    def edit(mapping):
        [check] = [check for check in mapping["checks"] if check["id"] == "p4-golive-review"]
        check["minimums"] = [
            {"tool": "*", "of": "load-share", "at_least": 0.5, "source": "OD", "note": "Half of it."},
            {"tool": "fio", "of": "duration", "at_least": 600, "source": "S11"},
            {"tool": "csv", "of": "rows", "at_least": 0, "source": "J"},
        ]

    assert told(shipped, edit) == [
        "p4-golive-review: minimums none → load-share of any tool ≥ 50 % [OD] Half of it; "
        "duration of fio ≥ 600 s [S11]; rows of csv none [J]"
    ]


def test_another_count_of_runs_that_only_their_sender_names_is_told(shipped):
    assert told(shipped, lambda mapping: mapping.update(sender_named="warn")) == [
        "sender-named runs count in full → count as warn at most"
    ]


def test_the_same_content_under_another_name_is_no_change(shipped):
    assert told(shipped, lambda mapping: mapping.update(version="other")) == []


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    else:
        yield path, value


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 1.5 + 1
    return value + " indeed"


@pytest.mark.parametrize(
    "check_id",
    [
        "p1-intra-node",
        *(
            pytest.param(check, marks=pytest.mark.full)
            for check in ("p2-cooling-headroom", "p2-backup-power")
        ),
    ],
)
def test_every_leaf_that_can_change_is_told(shipped, check_id):
    """Of three checks that use what a definition can say: with presets, gate rules, exclusions, notes."""
    mapping = written(shipped)
    place = [one["id"] for one in mapping["checks"]].index(check_id)
    silent = []
    for path, value in leaves(mapping["checks"][place]):
        edited = json.loads(json.dumps(mapping))
        inner = edited["checks"][place]
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = other(value)
        try:
            after = load(edited)
        except DocumentError:
            continue
        if after.content_digest != shipped.content_digest and not changes(shipped, after):
            silent.append(path)
    assert silent == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "live"),
        (2700, "45 min"),
        (86400, "24 h"),
        (30 * 86400, "30 d"),
        (1825 * 86400, "1825 d"),
        (1826 * 86400, "5 years"),
    ],
)
def test_a_validity_is_said_exactly(seconds, words):
    assert validity(Validity(seconds, source="OD")) == words


def test_a_stored_sentence_is_shown_with_names_of_checks(shipped):
    words = name_checks("Open: p2-unit-cost, p9-gone. Held back by p1-nothing-known.", shipped)
    assert words == "Open: Unit cost, p9-gone. Held back by p1-nothing-known."
