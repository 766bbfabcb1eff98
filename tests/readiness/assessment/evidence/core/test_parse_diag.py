"""dcgmi diag: severity decides, unknown fails closed, what was skipped did not run."""

import json

import pytest

from readiness.assessment.evidence.core.parsers import ParseError, parse
from tests.readiness.assessment.evidence.core.samples import figure

LONG = ("software", "pcie", "memory", "diagnostic", "memory_bandwidth", "targeted_stress", "targeted_power")


def result(number, status="Pass", **more):
    return {"entity_group": "GPU", "entity_group_id": 1, "entity_id": number, "status": status, **more}


def failed(number, *severities, status="Fail"):
    warnings = [{"warning": "broken", "error_id": 29, "error_severity": each} for each in severities]
    return result(number, status, warnings=warnings)


def diag(*tests, root="DCGM Diagnostic", before="", **more):
    listed = [{"name": name, "results": list(results)} for name, *results in tests]
    inside = {"test_categories": [{"category": "Deployment", "tests": listed}], **more}
    return parse("dcgm-diag", (before + json.dumps({root: inside}, indent=1)).encode())


def severity_of(run):
    return figure(run, "worst_severity").value


def test_a_clean_long_run_has_severity_zero_for_each_accelerator():
    run = diag(
        *((name, result(0), result(1)) for name in LONG),
        metadata={"version": "4.2.3", "Driver Version Detected": "580.82.09"},
    )
    assert severity_of(run) == 0
    assert {(each.subject, each.variant) for each in run.figures if each.name == "severity"} == {
        ("GPU 0", "long"),
        ("GPU 1", "long"),
    }
    assert dict(run.versions) == {"driver": "580.82.09", "dcgm": "4.2.3"}


def test_the_published_payload_of_a_node_is_configuration_only():
    run = diag(
        (
            "software",
            result(
                0,
                "Fail",
                warnings=[
                    {
                        "error_category": 8,
                        "error_id": 29,
                        "error_severity": 5,
                        "warning": "Persistence Mode: Persistence mode for GPU 0 is disabled.",
                    }
                ],
            ),
        )
    )
    assert severity_of(run) == 5
    assert "Persistence Mode" in run.warnings[0]
    assert figure(run, "severity").variant == "quick"


@pytest.mark.parametrize(
    ("results", "severity"),
    [
        pytest.param([failed(0, 1)], 1, id="monitor"),
        pytest.param([failed(0, 2)], 2, id="isolate"),
        pytest.param([failed(0)], 3, id="no warning at all fails closed"),
        pytest.param([result(0, "Fail", warnings=[{"warning": "x"}])], 3, id="no severity fails closed"),
        pytest.param([failed(0, 99)], 3, id="a severity nobody knows fails closed"),
        pytest.param([failed(0, 0)], 3, id="a failure of severity none fails closed"),
        pytest.param([result(0, "Weird")], 3, id="a status nobody knows fails closed"),
        pytest.param([result(0, "")], 3, id="no status fails closed"),
        pytest.param([failed(0, 1, 5)], 5, id="configuration is worse than monitor"),
        pytest.param([failed(0, 6, 2)], 2, id="isolate is the worst"),
        pytest.param([failed(0, 5), failed(1, 4)], 4, id="the worst accelerator decides"),
        pytest.param([failed(0, 1, status="Warn")], 1, id="a warning counts by its severity"),
        pytest.param(
            [result(0, warnings=[{"warning": "x", "error_severity": 4}])], 4, id="passed beside an error"
        ),
        pytest.param([result(0, "Skip"), result(1)], 0, id="skipped is not failed"),
    ],
)
def test_the_worst_severity(results, severity):
    assert severity_of(diag(("memory", *results))) == severity


def cautions(run):
    return {each.subject: each.caution for each in run.figures if each.name == "severity"}


@pytest.mark.parametrize(
    ("tests", "caution"),
    [
        pytest.param(
            [("memory", result(0, "Skip"), result(1)), ("pcie", result(0), result(1))],
            "Tests were skipped on GPU 0: memory.",
            id="on one of several",
        ),
        pytest.param(
            [("memory", result(0, "Skip"), result(1, "Skip")), ("pcie", result(0), result(1))],
            "Tests were skipped on GPU 0: memory.",
            id="one that every level stands on, on all of them",
        ),
        pytest.param(
            [("eud", result(0, "Skip"), result(1, "Skip")), ("pcie", result(0), result(1))],
            "",
            id="one that is not installed",
        ),
        pytest.param(
            [("memory", result(1)), ("pcie", result(0), result(1))],
            "Tests were skipped on GPU 0: memory.",
            id="one that does not list it",
        ),
        pytest.param(
            [("memory", result(0, "Skip"), result(1)), ("pcie", result(0, "Skip"), result(1))],
            "Every test was skipped on GPU 0.",
            id="every one",
        ),
        pytest.param(
            [("memory", result(0, "Skip"), result(1)), ("pcie", failed(0, 2), result(1))],
            "",
            id="what failed has failed",
        ),
    ],
)
def test_skipped_tests_are_no_pass(tests, caution):
    run = diag(*tests)
    assert cautions(run)["GPU 0"] == caution
    assert not caution or caution in run.warnings


def test_which_tests_ran_and_where_one_failed_is_kept():
    run = diag(("pcie", failed(0, 2), result(1)), ("Targeted_Power", result(0), result(1)))
    assert {each.operation: each.value for each in run.figures if each.name == "test"} == {
        "pcie": 2,
        "targeted power": 2,
    }
    [bad] = [each for each in run.figures if each.name == "failed_test"]
    assert (bad.subject, bad.operation, bad.value) == ("GPU 0", "pcie", 2)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            {
                "entity_groups": [
                    {"entity_group": "GPU", "entities": [{"entity_id": 3, "serial_num": "1654"}]},
                    {"entity_group": "CPU", "entities": [{"entity_id": 0, "serial_num": "77"}]},
                ]
            },
            id="version 4",
        ),
        pytest.param({"GPU Device Serials": {"3": "1654", "4": "0"}}, id="version 3"),
    ],
)
def test_serial_numbers_are_kept_by_accelerator(document):
    inside = {"test_categories": [{"tests": [{"name": "pcie", "results": [result(3)]}]}]}
    run = parse("dcgm-diag", json.dumps({"DCGM Diagnostic": inside, **document}).encode())
    assert [(each.subject, each.variant) for each in run.figures if each.name == "serial"] == [
        ("GPU 3", "1654")
    ]


def test_version_3_writes_other_words():
    run = diag(
        *((name, {"gpu_ids": "0,1", "status": "PASS"}) for name in ("Denylist", "PCIe", "GPU Memory")),
        (
            "Diagnostic",
            {"gpu_ids": "0", "status": "PASS"},
            {"gpu_ids": "1", "status": "FAIL", "warnings": ["hot"]},
        ),
        ("Targeted Stress", {"gpu_ids": "0", "status": "PASS"}, {"gpu_ids": "1", "status": "SKIP"}),
        root="DCGM GPU Diagnostic",
        version="3.3.9",
        driver_version_detected="535.129.03",
    )
    assert figure(run, "severity", subject="GPU 0").value == 0
    assert figure(run, "severity", subject="GPU 1").value == 3
    assert figure(run, "severity", subject="GPU 0").variant == "long"
    assert figure(run, "severity", subject="GPU 1").variant == "quick"
    assert dict(run.versions) == {"driver": "535.129.03", "dcgm": "3.3.9"}


def test_a_summary_that_is_worse_than_its_results_is_believed():
    listed = [{"name": "memory", "results": [result(0)], "test_summary": {"status": "Fail"}}]
    content = {
        "DCGM Diagnostic": {"test_categories": [None, {"category": "Hardware", "tests": [None, *listed]}]}
    }
    assert severity_of(parse("dcgm-diag", json.dumps(content).encode())) == 3


def multi_node(results, **more):
    document = {
        "name": "DCGM Multi-Node Diagnostic",
        "metadata": {"num_hosts": 2, "num_entities": 2},
        "hosts": [
            {"host_id": 0, "hostname": "node-1", "dcgm_version": "4.3.0", "driver_version": "580.82.09"},
            {"host_id": 1, "hostname": "node-2", "dcgm_version": "4.3.0", "driver_version": "580.82.09"},
        ],
        "test_categories": [
            {
                "category": "Multi-Node Tests",
                "tests": [{"name": "mnubergemm", "status": "Fail", "results": results}],
            }
        ],
        **more,
    }
    return parse("dcgm-diag", json.dumps(document).encode())


def test_a_multi_node_diagnostic_names_the_host_of_each_accelerator():
    run = multi_node([result(0, host_id=0), {**failed(0, 2), "host_id": 1}])
    assert figure(run, "severity", subject="node-1 GPU 0").value == 0
    assert figure(run, "severity", subject="node-2 GPU 0").value == 2
    assert run.hosts == ("node-1", "node-2")
    assert dict(run.versions) == {"driver": "580.82.09", "dcgm": "4.3.0"}


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        pytest.param(
            {"warning": "lost", "error_id": 5, "error_severity": 4, "host_id": 1}, 4, id="of a host"
        ),
        pytest.param(
            {"warning": "Error: mpirun", "error_category": "MPI"}, 3, id="of the run, without a severity"
        ),
    ],
)
def test_an_error_about_no_accelerator_counts_all_the_same(error, severity):
    assert severity_of(multi_node([result(0, host_id=0)], global_errors=[error])) == severity


def test_remarks_before_the_document_are_passed_over():
    run = diag(("software", result(0)), before="Successfully ran diagnostic for group.\nWARNING: x\n")
    assert severity_of(run) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param('{"DCGM Diagnostic": {"runtime_error": "no GPU"}}', "did not run", id="runtime error"),
        pytest.param('{"DCGM Diagnostic": {"version": "4"}}', "test_categories", id="no tests"),
        pytest.param('{"something": 1}', "not output of", id="another document"),
        pytest.param("Error: Unable to run diagnostic\n", "no JSON document", id="text"),
        pytest.param(
            json.dumps(
                {
                    "DCGM Diagnostic": {
                        "test_categories": [{"tests": [{"name": "x", "results": [result(0, "Skip")]}]}]
                    }
                }
            ),
            "No test ran",
            id="all skipped",
        ),
        pytest.param('{"DCGM Diagnostic": {"test_categories": [}', "not JSON", id="cut off"),
    ],
)
def test_a_diagnostic_that_did_not_run_is_refused(text, reason):
    with pytest.raises(ParseError, match=reason):
        parse("dcgm-diag", text.encode())
