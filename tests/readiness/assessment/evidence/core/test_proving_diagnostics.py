"""From diagnostics to proofs: what a test that failed answers to, what was skipped, and whose accelerator it was."""

from dataclasses import replace

import pytest

from readiness.assessment.evidence.core.proving import diagnostics
from readiness.assessment.evidence.core.proving.values import AcceleratorIdentity
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.evidence.core.test_proving import (
    DIAG,
    FRAMEWORK,
    INTRA,
    NOW,
    SITE,
    floor,
    only,
    run,
)


class TestDiagnostics:
    def test_each_accelerators_newest_long_diagnostic(self):
        runs = [
            run("dcgm-diag", outputs.diagnostic({0: 0, 1: 5}), days=2, id=1),
            run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}), nodes=(2,), days=0.5, id=2),
        ]
        found = diagnostics.accelerators(DIAG, runs, SITE, NOW)
        assert {(each.detail, each.value) for each in found["worst-severity"]} == {
            ("node-1 GPU 0", 0),
            ("node-1 GPU 1: diagnostic, memory, pcie and 2 more, run 1", 5),
            ("node-2 GPU 0", 0),
            ("node-2 GPU 1", 0),
        }
        assert only(found, "coverage").value == 100
        quick = only(found, "quick-coverage")
        assert (quick.value, quick.detail) == (50, "without: node-1 GPU 0, node-1 GPU 1")

    def test_a_quick_diagnostic_covers_the_quick_check_alone(self):
        found = diagnostics.accelerators(
            DIAG, [run("dcgm-diag", outputs.diagnostic({0: 0}, long=False), days=0.5)], SITE, NOW
        )
        assert set(found) == {"quick-coverage"}
        assert only(found, "quick-coverage").value == 25

    def test_an_accelerator_that_is_not_in_service_covers_nothing(self):
        found = diagnostics.accelerators(DIAG, [run("dcgm-diag", outputs.diagnostic({7: 0}))], SITE, NOW)
        assert "coverage" not in found

    def test_what_is_of_no_one_accelerator_counts_for_the_node_until_a_newer_run(self):
        bad = outputs.diagnostic({0: 0}).replace(
            b'"metadata"', b'"global_errors": [{"warning": "lost", "error_severity": 4}], "metadata"'
        )
        runs = [run("dcgm-diag", bad, days=3, id=1)]
        found = diagnostics.accelerators(DIAG, runs, SITE, NOW)["worst-severity"]
        assert {(each.detail, each.value) for each in found} == {("node-1 GPU 0", 0), ("node-1, run 1", 4)}
        runs.append(run("dcgm-diag", outputs.diagnostic({0: 0}), days=1, id=2))
        found = diagnostics.accelerators(DIAG, runs, SITE, NOW)["worst-severity"]
        assert {(each.ref, each.value) for each in found} == {("run:2", 0)}

    def test_the_accelerator_of_an_unknown_host_is_none_of_the_node_beside_it(self):
        clean = run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}))
        places = {"GPU 0": "NODE-1.example.com GPU 0", "GPU 1": "spare-9 GPU 1"}
        figures = [replace(each, subject=places.get(each.subject, each.subject)) for each in clean.figures]
        found = diagnostics.accelerators(DIAG, [replace(clean, figures=figures, hosts=2)], SITE, NOW)
        assert only(found, "coverage").detail == "without: node-1 GPU 1, node-2 GPU 0, node-2 GPU 1"

    CLEAN = outputs.diagnostic({0: 0, 1: 0})

    def found(self, *later, days=(0.5, 0.4, 0.3)):
        """Return the proofs of the worst severity after a clean long diagnostic and then each of these runs."""
        runs = [run("dcgm-diag", self.CLEAN, days=3)]
        runs += [
            run("dcgm-diag", content, days=ago, id=row)
            for row, (content, ago) in enumerate(zip(later, days, strict=False), start=2)
        ]
        return diagnostics.accelerators(DIAG, runs, SITE, NOW)["worst-severity"]

    def test_a_newer_failure_outweighs_an_older_clean_run_whatever_its_level(self):
        found = self.found(outputs.diagnostic({0: 2, 1: 0}, tests=("software", "pcie"), bad=("pcie",)))
        assert {(each.ref, each.detail, each.value) for each in found} == {
            ("run:2", "node-1 GPU 0: pcie, run 2", 2),
            ("run:1", "node-1 GPU 1", 0),
        }

    @pytest.mark.parametrize(
        ("tests", "answered"),
        [
            pytest.param(("pcie",), True, id="that test alone"),
            pytest.param(("software", "pcie", "memory"), True, id="with others"),
            pytest.param(("software", "memory"), False, id="without it"),
        ],
    )
    def test_it_stands_until_at_least_the_failed_test_is_clean(self, tests, answered):
        bad = outputs.diagnostic({0: 2, 1: 0}, tests=("software", "pcie"), bad=("pcie",))
        found = self.found(bad, outputs.diagnostic({0: 0, 1: 0}, tests=tests))
        assert max(each.value for each in found) == (0 if answered else 2)

    def test_a_skipped_test_answers_nothing(self):
        bad = outputs.diagnostic({0: 2, 1: 0}, tests=("software", "pcie"), bad=("pcie",))
        skipped = outputs.diagnostic({0: 0, 1: 0}, tests=("software", "pcie"), skipped={0: ("pcie",)})
        assert max(each.value for each in self.found(bad, skipped)) == 2

    def test_what_failed_before_tests_were_kept_is_answered_by_a_long_run(self):
        bad = run("dcgm-diag", outputs.diagnostic({0: 2, 1: 0}, long=False), days=2, id=2)
        bad = replace(bad, figures=tuple(each for each in bad.figures if "test" not in each.name))
        quick = run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}, long=False), days=1, id=3)
        long = run("dcgm-diag", self.CLEAN, days=0.5, id=4)
        for runs, worst in (([bad, quick], 2), ([bad, long], 0)):
            found = diagnostics.accelerators(DIAG, runs, SITE, NOW)["worst-severity"]
            assert max(each.value for each in found) == worst

    def test_skipped_tests_are_no_pass_and_cover_nothing(self):
        partly = outputs.diagnostic({0: 0, 1: 0}, skipped={0: ("memory", "pcie")})
        found = diagnostics.accelerators(DIAG, [run("dcgm-diag", partly)], SITE, NOW)
        assert {(each.detail, each.cannot_judge) for each in found["worst-severity"]} == {
            ("node-1 GPU 0", "Tests were skipped on GPU 0: memory, pcie."),
            ("node-1 GPU 1", ""),
        }
        assert only(found, "coverage").value == 25

    def test_another_serial_number_proves_nothing_of_the_accelerator(self):
        known = {(1, 0): AcceleratorIdentity(serial="1650"), (1, 1): AcceleratorIdentity(serial="1651")}
        site = replace(SITE, identities=known)
        named = outputs.diagnostic({0: 0, 1: 0}, serials={0: "1650", 1: "9999"})
        found = diagnostics.accelerators(DIAG, [run("dcgm-diag", named)], site, NOW)
        reasons = {each.detail: each.cannot_judge for each in found["worst-severity"]}
        assert reasons["node-1 GPU 0"] == ""
        assert "serial number 9999 and the inventory 1651 for node-1 GPU 1" in reasons["node-1 GPU 1"]
        assert only(found, "coverage").value == 25

    def test_an_accelerator_that_is_another_one_now_is_not_proved_by_what_was_there(self):
        site = replace(SITE, identities={(1, 0): AcceleratorIdentity(serial="1650")})
        older = run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}, serials={0: "1650"}), days=3)
        newer = run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}, serials={0: "7"}), days=1, id=2)
        found = diagnostics.accelerators(DIAG, [older, newer], site, NOW)["worst-severity"]
        [swapped] = [each for each in found if each.detail == "node-1 GPU 0"]
        assert "serial number 7" in swapped.cannot_judge

    def test_only_runs_that_passed_are_validation(self):
        check = FRAMEWORK.check("p5-revalidation")

        def current(content=self.CLEAN, busbw=470.0, limit=460.0, gpus=8, **more):
            runs = [
                run("dcgm-diag", self.CLEAN, days=5, id=3),
                run("dcgm-diag", content, days=0.5, id=1),
                run("nccl-tests", outputs.collective(busbw=busbw, gpus=gpus, **more), days=10, id=2),
            ]
            found = diagnostics.revalidated(check, DIAG, INTRA, runs, SITE, [floor(limit)], NOW)
            return only(found, "nodes-current").value == 50

        assert current()
        assert current(outputs.diagnostic({0: 5, 1: 0}))
        assert current(busbw=440)
        assert not current(outputs.diagnostic({0: 2, 1: 0}, long=False))
        assert not current(outputs.diagnostic({0: 0}, long=False))
        assert not current(outputs.diagnostic({0: 0, 1: 0}, skipped={1: ("memory",)}, long=False))
        assert not current(busbw=300)
        assert not current(wrong=1)
        assert not current(gpus=1)

    def test_nodes_are_current_with_a_quick_check_and_the_full_set(self):
        check = FRAMEWORK.check("p5-revalidation")
        runs = [
            run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}), days=0.5, id=1),
            run("nccl-tests", outputs.collective(gpus=2), days=10, id=2),
            run("dcgm-diag", outputs.diagnostic({0: 0, 1: 0}), nodes=(2,), days=2, id=3),
            run("nccl-tests", outputs.collective(gpus=2), nodes=(2,), days=10, id=4),
        ]
        found = only(
            diagnostics.revalidated(check, DIAG, INTRA, runs, SITE, [floor(460)], NOW), "nodes-current"
        )
        assert (found.value, found.detail) == (50, "without: node-2")
