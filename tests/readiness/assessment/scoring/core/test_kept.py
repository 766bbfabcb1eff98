"""What is kept of an evaluation's inputs gives the inputs back, in every field."""

import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.thresholds import Bound
from readiness.assessment.framework.core.vocabulary import Fabric, Profile, SiteKind, Stage
from readiness.assessment.grants.core.rules import HeldGrant
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.core.judge import Reading
from readiness.assessment.scoring.core.kept import UnreadableError, decode, encode
from readiness.assessment.scoring.core.states import Provenance
from tests.readiness.assessment.scoring.core.builders import core_site, grant, reading

# A figure may be infinite and never "not a number" here, since that equals nothing, itself included.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**53), 2**53)
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
INSTANTS = st.integers(0, 2**52).map(lambda us: EPOCH + timedelta(microseconds=us))
FINITE = st.none() | st.floats(allow_nan=False, allow_infinity=False)
BOUNDS = st.builds(
    Bound, low=FINITE, high=FINITE, values=st.frozensets(NUMBERS, max_size=3), strict=st.booleans()
)
LIMITS = st.builds(
    Limit, value=st.none() | NUMBERS, pass_at=st.none() | BOUNDS, warn_at=st.none() | BOUNDS, source=WORDS
)
READINGS = st.builds(
    Reading,
    value=st.none() | NUMBERS,
    taken_at=INSTANTS,
    provenance=st.sampled_from(Provenance),
    evidence=WORDS,
    detail=WORDS,
    cadence_s=st.none() | st.floats(1, 3600),
    limit=st.none() | LIMITS,
    cannot_judge=WORDS,
    voided=WORDS,
    voided_at=st.none() | INSTANTS,
    bad_since=st.none() | INSTANTS,
    failed=WORDS,
    declaration=WORDS,
)
GRANTS = st.dictionaries(
    WORDS, st.builds(HeldGrant, WORDS, WORDS, WORDS, WORDS, starts_at=INSTANTS, ends_at=INSTANTS), max_size=2
)
COUNTS = st.none() | st.integers(0, 10**6)
FLAGS = st.none() | st.booleans()
CONTEXTS = st.builds(
    SiteContext,
    kind=st.sampled_from(SiteKind),
    stage=st.sampled_from(Stage),
    profiles=st.frozensets(st.sampled_from(Profile)),
    fabrics=st.frozensets(st.sampled_from(Fabric)),
    **{
        field.name: FLAGS if "bool" in str(field.type) else COUNTS
        for field in fields(SiteContext)
        if field.name not in ("kind", "stage", "profiles", "fabrics")
    },
)
INPUTS = st.builds(
    SiteInputs,
    context=CONTEXTS,
    readings=st.dictionaries(st.tuples(WORDS, WORDS), READINGS, max_size=4),
    limits=st.dictionaries(WORDS, LIMITS, max_size=3),
    waivers=GRANTS,
    exceptions=GRANTS,
    declared_na=GRANTS,
)


@given(inputs=INPUTS)
@settings(max_examples=30)
def test_inputs_come_back_as_they_were(inputs):
    again = decode(encode(inputs))
    assert again == inputs
    kinds = [(type(one.value), type(one.limit)) for one in inputs.readings.values()]
    assert [(type(one.value), type(one.limit)) for one in again.readings.values()] == kinds


def test_a_figure_that_is_no_number_comes_back_as_such():
    inputs = SiteInputs(context=core_site(), readings={("p1-load", "load"): reading(float("nan"))})
    [value] = [one.value for one in decode(encode(inputs)).readings.values()]
    assert value != value


def test_what_was_kept_before_runs_could_fail_is_still_read():
    inputs = SiteInputs(context=core_site(), readings={("p1-load", "load"): reading(1.0)})
    kept = orjson.loads(zlib.decompress(encode(inputs)))
    del kept["readings"]["failed"]
    assert decode(zlib.compress(orjson.dumps(kept))) == inputs


def test_the_same_inputs_are_the_same_bytes():
    inputs = SiteInputs(context=core_site(), waivers={"p1-load": grant()})
    assert encode(inputs) == encode(replace(inputs))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not compressed",
        zlib.compress(b"not JSON"),
        zlib.compress(orjson.dumps({"version": 0})),
        zlib.compress(orjson.dumps({"version": 1})),
    ],
)
def test_what_cannot_be_read_is_refused(content):
    with pytest.raises(UnreadableError):
        decode(content)
