"""Pages of framework versions: what they show, the steps that their forms take, what they refuse and what they cost."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.assessment.framework import operations, queries
from tests.pages import text_of, words_of
from tests.readiness.assessment.framework.test_minimums import first_version
from web.versioned.core.documents import written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
URL = "/readiness/framework/"
LOAD = "checks/p2-backup-power/output-load/edit/"


@pytest.fixture
def draft(planner, frozen_now):
    return operations.make_draft(made_from=queries.current()[0], by=planner, now=frozen_now.at)


@pytest.fixture
def planning(client_of):
    return client_of("planner")


def address(version, what=""):
    return f"{URL}{version.pk}/{what}"


def as_shown(client, path):
    """What the browser would send of the form as it stands."""
    form = client.get(path).context["form"]
    sent = {}
    for bound in form:
        value = bound.value()
        if value is not None and value is not False and value not in ("", []):
            sent[bound.html_name] = value
    return sent


def changed(version):
    version.refresh_from_db()
    return [change.text for change in queries.stored_changes(version.changes)]


@pytest.mark.parametrize(
    "what",
    ["edit/", "pillars/p1/edit/", "checks/p2-backup-power/edit/", "checks/p1-accelerator-diag/edit/", LOAD,
     "checks/p1-rdma-port/bandwidth/edit/", "checks/p2-cooling-headroom/inlet-p99/edit/",
     "checks/p1-accelerator-diag/worst-severity/edit/", "checks/p1-commissioning-l5/dated-deficiencies/edit/",
     "checks/p1-accelerator-diag/quick-coverage/edit/"],
)  # fmt: skip
def test_a_form_sent_as_it_is_changes_nothing(planning, draft, what):
    path = address(draft, what)
    answer = planning.post(path, as_shown(planning, path))
    assert (answer.status_code, changed(draft), draft.revision) == (302, [], 1)


def test_a_threshold_is_edited_with_its_source(planning, draft, planner):
    path = address(draft, LOAD)
    sent = as_shown(planning, path) | {"pass_value": "70"}
    refused = text_of(planning.post(path, sent), 422)
    assert "a new figure needs its source: say where it comes from" in refused
    refused = text_of(planning.post(path, sent | {"pass_source": "own"}), 422)
    assert "an own decision needs a sentence" in refused
    said = {"pass_source": "own", "pass_note": "The batteries are old"}
    assert planning.post(path, sent | said).status_code == 302
    assert changed(draft) == [
        "p2-backup-power / output-load: pass ≤ 80 % → ≤ 70 %",
        "p2-backup-power / output-load: source of pass OD → own (planner, 2026-11-24)",
        "p2-backup-power / output-load: note of pass none → The batteries are old",
    ]
    page = text_of(planning.get(address(draft, "checks/p2-backup-power/")))
    for told in ("≤ 70 %", "own: planner", "The batteries are old", "default"):
        assert told in page
    late = text_of(planning.post(path, sent | said | {"pass_value": "60"}), 409)
    assert "it is at revision 2, you read revision 1" in late
    assert 'value="60"' in late


@pytest.mark.parametrize(
    ("what", "given", "told"),
    [
        (LOAD, {"pass_kind": "none"}, "needs a pass threshold"),
        (LOAD, {"warn_value": "10", "warn_source": "OD"}, "must be wider than pass"),
        (LOAD, {"warn_value": "1e400", "warn_source": "OD"}, "Enter a number"),
        (LOAD, {"rules": "presets: {"}, "is not valid YAML"),
        (LOAD, {"rules": "gate: BLOCK"}, "gate does not belong here"),
        (LOAD, {"gate": "BLOCK", "rules": "metrics: 5"}, "expected a list"),
        ("checks/p2-backup-power/edit/", {"valid_for_max_age": "2h"}, "a new span needs its source"),
        ("checks/p2-backup-power/edit/", {"states": ["pass"]}, "must allow"),
        ("checks/p2-backup-power/edit/", {"why": "Because [S99]"}, "cites S99"),
        ("checks/p2-backup-power/edit/", {"rules": "gate_rules: [{when: {moon: 1}}]"}, "known here: accelerators"),
        ("edit/", {"weights_block": "-1"}, "from 0 to 100"),
    ],
)  # fmt: skip
def test_a_refusal_stands_at_its_field(planning, draft, what, given, told):
    path = address(draft, what)
    page = text_of(planning.post(path, as_shown(planning, path) | given), 422)
    assert told in page
    assert changed(draft) == []


def test_words_weights_and_validity_are_edited(planning, draft):
    for what, given in (
        ("edit/", {"title": "Ours", "weights_cond": "1"}),
        ("pillars/p3/edit/", {"short_name": "People"}),
        ("checks/p2-backup-power/edit/", {"gate": "COND", "profiles": ["training"]}),
        (LOAD, {"own_validity": "on", "valid_for_max_age": "12h", "valid_for_source": "OD"}),
    ):
        path = address(draft, what)
        answer = planning.post(path, as_shown(planning, path) | given)
        assert answer.status_code == 302, answer.content.decode()
    told = changed(draft)
    assert told[0].startswith("title ")
    assert told[1:3] == ["weight of COND 2 → 1", "pillar p3: short name Workforce → People"]
    assert "p2-backup-power: gate BLOCK → COND" in told
    assert "p2-backup-power / output-load: validity as its check → 12 h" in told


def test_minimums_and_how_runs_count_are_edited_and_shown(planning, draft):
    check = "checks/p1-rdma-port/"
    minimum = "{tool: perftest, of: iterations, at_least: 2000, source: OD, note: Two thousand.}"
    for what, given in (
        ("edit/", {"sender_named": "warn"}),
        (f"{check}edit/", {"rules": f"minimums: [{minimum}]"}),
    ):
        path = address(draft, what)
        answer = planning.post(path, as_shown(planning, path) | given)
        assert answer.status_code == 302, answer.content.decode()
    assert "sender-named runs count in full → count as warn at most" in changed(draft)
    assert "Sender-named runs count as warn at most" in words_of(planning.get(address(draft)))
    page = words_of(planning.get(address(draft, check)))
    row = f"Iterations Two thousand. perftest ≥ 2000 default {draft.version}"
    assert f"Minimums for a run to count Figure of the run Tool At least Stated by {row}" in page
    path = address(draft, f"{check}edit/")
    refused = as_shown(planning, path) | {
        "rules": "minimums: [{tool: perf, of: rows, at_least: 1, source: OD}]"
    }
    assert "neither *, for any tool, nor one of csv" in text_of(planning.post(path, refused), 422)


def test_a_file_is_imported_and_a_faulty_one_named_by_line(planning, draft):
    path = address(draft, "import/")
    content = planning.get(address(draft, "export/")).content
    assert planning.get(address(draft, "export/?form=zip")).content.startswith(b"PK")
    sent = {"revision": 1, "file": SimpleUploadedFile("x.yaml", content.replace(b"BLOCK: 3", b"BLOCK: 5"))}
    assert planning.post(path, sent).status_code == 302
    assert changed(draft) == ["weight of BLOCK 3 → 5"]
    lines = content.decode().splitlines()
    at = lines.index("  gate: BLOCK")
    lines[at] = "  gate: SOON"
    page = text_of(planning.post(path, {"revision": 2, "text": "\n".join(lines)}), 422)
    assert f"definition.yaml, line {at + 1}" in page
    assert "Choose a file, or paste a text" in text_of(planning.post(path, {"revision": 2}), 422)


def test_the_list_tells_who_changed_what(planning, draft):
    path = address(draft, "edit/")
    planning.post(path, as_shown(planning, path) | {"weights_cond": "1"})
    page = text_of(planning.get(URL))
    for told in ("muster-2", "muster-3", "Draft", "In force", "weight of COND 2 → 1", "New draft"):
        assert told in page
    rows = json.loads(b"".join(planning.get(URL + "?export=json&status=draft").streaming_content))
    assert [row["version"] for row in rows] == ["muster-3"]
    assert "planner" in rows[0].values()


def test_an_installation_with_an_earlier_version_is_offered_a_draft(client_of, planning, frozen_now):
    words = "Muster ships muster-2"
    assert words not in text_of(planning.get(URL))
    operations.publish(written(first_version()), by=None, now=frozen_now.at)
    page = words_of(planning.get(URL))
    assert words in page
    assert "p1-rdma-port minimums none → iterations of perftest ≥ 1000 [OD]" in page
    assert "Make a draft of it" in page
    assert "Make a draft of it" not in text_of(client_of("viewer").get(URL))
    answer = planning.post(f"{URL}shipped/")
    draft = queries.versions().get(status="draft")
    assert answer["Location"] == address(draft)
    page = words_of(planning.get(URL))
    assert f"{draft.version} is a draft with all of them. Dry-run and publish it" in page
    in_force = queries.current()[0]
    answer = planning.get(address(in_force, "checks/p1-latency-under-load/"))
    assert "Muster, since muster-1 states none" in words_of(answer)
    assert "https://github.com/linux-rdma/perftest" in text_of(answer)


def test_two_versions_are_compared_on_a_page(planning, draft):
    path = address(draft, "edit/")
    planning.post(path, as_shown(planning, path) | {"weights_cond": "1"})
    assert "weight of COND" in text_of(planning.get(address(draft, "difference/")))
    back = text_of(planning.get(address(draft, f"difference/?to={draft.made_from_id}")))
    assert "<del>1</del> → <ins>2</ins>" in back
    for odd in ("999", "9" * 5000):
        assert planning.get(address(draft, f"difference/?to={odd}")).status_code == 404
    assert planning.get(address(draft, f"difference/?to={'1' * 18}x")).status_code == 200


def test_what_is_published_has_no_forms(planning):
    in_force = queries.current()[0]
    assert planning.get(address(in_force, "edit/"))["Location"] == address(in_force)
    page = text_of(planning.get(address(in_force)))
    assert "edit/" not in page
    assert "shipped with Muster" in page
    sent = {"revision": 1, "title": "x", "weights_block": 1, "weights_cond": 1, "sender_named": "full"}
    assert "muster-2 is published" in text_of(planning.post(address(in_force, "edit/"), sent), 409)
