"""Each node of a report of Slurm is stored or refused by its path, whatever its fields have."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, labels_of
from telemetry.core.schedulers import FUTURE
from telemetry.formats import BodyError, BodyHeaders, BodyLimits, slurm
from tests.telemetry.core.wire import NOW_MS

NODE_FIELDS = (
    "name",
    "state",
    "state_flags",
    "tres",
    "tres_used",
    "gres",
    "gres_used",
    "reason",
    "reason_changed_at",
)
JOB_FIELDS = ("job_state", "tres_req_str", "tres_alloc_str")
TEXTS = (
    "",
    "gpu-01",
    "IDLE",
    "IDLE+DRAIN",
    "FUTURE",
    "mixed*",
    "gpu:h100:8(S:0-1)",
    "gres/gpu=8",
    "gres/gpu=x",
    "\0",
)
plain_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(TEXTS),
)
values = st.one_of(
    plain_values,
    st.lists(plain_values, max_size=3),
    st.dictionaries(st.sampled_from(("set", "infinite", "number")), plain_values),
)


def objects_of(fields):
    return st.lists(
        st.one_of(values, st.dictionaries(st.sampled_from(fields), values, min_size=2)), max_size=6
    )


def decoded(report):
    """The columns of a report, None if it is refused whole."""
    try:
        return slurm.decode(
            orjson.dumps(report),
            BodyHeaders("application/json"),
            window=TakenTimes(NOW_MS, 0),
            limits=BodyLimits(),
            cache=KeyCache(),
        )
    except BodyError:
        return None


def is_of_future(node):
    state = node.get("state")
    words = state if isinstance(state, list) else [state]
    return any(FUTURE & {*str(word).lower().replace("+", " ").split()} for word in words)


@given(nodes=objects_of(NODE_FIELDS))
def test_each_node_is_stored_or_refused(nodes):
    columns = decoded({"nodes": nodes})
    assert columns is not None
    states = [key for key in columns.keys if labels_of(key)["__name__"] == "slurm_node_state"]
    refused = sum(columns.rejected.counts.values())
    coming = sum(isinstance(node, dict) and is_of_future(node) for node in nodes)
    assert len(nodes) - coming <= len(states) + refused <= len(nodes)


@given(jobs=objects_of(JOB_FIELDS))
def test_no_field_of_a_job_raises_anything_else(jobs):
    columns = decoded({"jobs": jobs})
    if columns is not None:
        assert sum(columns.rejected.counts.values()) <= len(jobs)


@given(report=st.dictionaries(st.sampled_from(("nodes", "jobs", "meta", "errors")), values))
def test_no_report_raises_anything_else(report):
    decoded(report)
