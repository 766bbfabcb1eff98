"""No field beside a file raises a state, and no rate above a ceiling passes, whatever the values are."""

from dataclasses import replace
from datetime import UTC, timedelta
from types import SimpleNamespace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from readiness.assessment.evidence.core.parsers import parse
from readiness.assessment.evidence.operations.uploading import RunContext, Upload, read
from tests.readiness.assessment.evidence.core.generated_traps import FACTS, GENERATED_TRAPS
from tests.readiness.assessment.evidence.core.trap_site import RefusedUpload, outcome, received
from tests.readiness.assessment.evidence.core.traps import NOW, PROVE_NOTHING, RULES, CannotBe

IN_CONTENT = (
    "another model",
    "another PCI device id",
    "another serial number",
    "another UUID",
    "another bus id",
    "more accelerators than installed",
    "a rate above the ceiling",
    "every rate 2 times as high",
    "a figure contradicts size, time or count",
    "percentiles that fall",
    "rows of another operation",
    "another unit in the header",
    "too few iterations",
    "too short a run",
    "a file cut in the middle",
)
"""Traps that are in what the file says, which nothing beside it changes."""
CASES = [
    (tool, case)
    for name in IN_CONTENT
    for tool, case in GENERATED_TRAPS[name].items()
    if not isinstance(case, CannotBe)
]
TOOLS = sorted(FACTS)
PROVING = sorted(set(FACTS) - set(PROVE_NOTHING))
WORDS = st.sampled_from(["", "dgx", "DGX", "l4-4", "h200-8", "x"])
VERSIONS = st.dictionaries(
    st.sampled_from(["driver", "library", "firmware", "nos"]),
    st.sampled_from(["", "2.27.3", "9.9"]),
    max_size=2,
)
CLAIMS = st.sampled_from([(), (1,), (2,), (1, 2), (2, 1)])
LOADS = st.none() | st.sampled_from([0.0, 7.0, 200.0, 320.0, 400.0]) | st.floats(0, 1e5)
BESIDE = st.fixed_dictionaries(
    {}, optional={"platform": WORDS, "versions": VERSIONS, "claimed": CLAIMS, "load_gbps": LOADS}
)


@settings(max_examples=150, deadline=None)
@given(case=st.sampled_from(CASES), beside=BESIDE)
def test_nothing_beside_a_file_makes_a_trap_pass(case, beside):
    tool, trap = case
    first, *others = trap.sendings
    sendings = [replace(first, **beside), *others]
    assert not outcome(tool, sendings, trap.clean, place=trap.place, check=trap.check).is_passed


@settings(max_examples=80, deadline=None)
@given(tool=st.sampled_from(PROVING), platform=WORDS, versions=VERSIONS)
def test_a_contradicting_word_beside_a_clean_file_is_refused_and_others_change_nothing(
    tool, platform, versions
):
    clean = FACTS[tool].clean()
    before = outcome(tool, clean, clean)
    after = outcome(tool, [replace(each, platform=platform, versions=versions) for each in clean], clean)
    in_file = dict(parse(tool, clean[0].content, rules=RULES).versions)
    contradicts = platform.lower() not in ("", "dgx") or any(
        version and in_file.get(name, version) != version for name, version in versions.items()
    )
    assert after.is_passed is not contradicts
    assert contradicts or [each.state for each in after.results] == [each.state for each in before.results]


@settings(max_examples=150, deadline=None)
@given(tool=st.sampled_from(TOOLS), beside=BESIDE)
def test_no_word_beside_a_file_changes_floor_hardware_or_counts(tool, beside):
    clean = FACTS[tool].clean()[0]
    before = received(tool, clean, 1)
    try:
        after = received(tool, replace(clean, **beside), 1)
    except RefusedUpload:
        assume(False)
    assert after.platform == before.platform
    assert (after.figures, after.hosts, after.failed) == (before.figures, before.hosts, before.failed)
    assert (after.mismatch, after.implausible) == (before.mismatch, before.implausible)


@settings(max_examples=40, deadline=None)
@given(tool=st.sampled_from(["sockperf", "perftest"]), gbps=LOADS)
def test_only_a_load_within_the_path_and_its_share_counts(tool, gbps):
    case = GENERATED_TRAPS["a load below the path's share"][tool]
    sendings = FACTS[tool].load(gbps)
    result = outcome(tool, sendings, case.clean, check=case.check)
    assert result.is_passed is (gbps is not None and 200 <= gbps <= 400)


@settings(max_examples=80, deadline=None)
@given(tool=st.sampled_from(sorted(set(TOOLS) - {"junit"})), hours=st.floats(-2000, 0))
def test_the_time_of_a_file_is_not_the_senders(tool, hours):
    content = FACTS[tool].clean()[0].content
    stated = NOW + timedelta(hours=hours)
    site = SimpleNamespace(time_zone="UTC")
    uploads = [
        Upload(tool=tool, content=content, file_name="out", context=RunContext(taken_at=at))
        for at in (None, stated)
    ]
    silent, said = (read(upload, site, NOW) for upload in uploads)
    own = silent.parsed.taken_at or silent.parsed.taken_local
    assert said.taken_at == (stated if own is None else silent.taken_at)
    assert own is None or said.taken_at == (own if own.tzinfo else own.replace(tzinfo=UTC))


SCALED = [tool for tool, facts in FACTS.items() if not isinstance(facts.scaled, CannotBe)]


@settings(max_examples=120, deadline=None)
@given(tool=st.sampled_from(SCALED), factor=st.sampled_from([2, 10, 100]) | st.floats(2, 1e4))
def test_no_rates_above_a_ceiling_pass_by_whatever_factor(tool, factor):
    facts = FACTS[tool]
    clean = facts.clean()
    scaled = [replace(each, content=facts.scaled(each.content, factor)) for each in clean]
    assert outcome(tool, clean, clean).is_passed
    assert not outcome(tool, scaled, clean).is_passed


def rounded(figures):
    """Return the figures to four digits: a cut may take the last digit of a file."""
    return {
        replace(each, value=None if each.value is None else float(f"{each.value:.4g}")) for each in figures
    }


# Each row of a table stands for itself, and nothing marks its end.
@settings(max_examples=300, deadline=None)
@given(tool=st.sampled_from(sorted(set(PROVING) - {"csv"})), share=st.floats(0, 1))
def test_a_file_that_is_cut_passes_only_by_figures_of_the_whole_file(tool, share):
    clean = FACTS[tool].clean()
    content = clean[0].content
    cut = content[: int(share * len(content))]
    if outcome(tool, [replace(clean[0], content=cut), *clean[1:]], clean).is_passed:
        part, whole = (rounded(parse(tool, each, rules=RULES).figures) for each in (cut, content))
        assert part <= whole
