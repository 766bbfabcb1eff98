"""A version with what it lacks of Muster's newest definition: minimums and their sources, and nothing else."""

from readiness.assessment.framework.core.document import load
from readiness.assessment.framework.core.upgrading import add_shipped
from readiness.assessment.framework.core.wording import changes
from tests.readiness.assessment.framework.test_minimums import first_version, iterations, stating
from web.versioned.core.documents import written

PORT = "p1-rdma-port"


def test_the_newest_definition_lacks_nothing(shipped):
    assert add_shipped(shipped) == shipped


def test_the_first_version_gets_what_the_second_has(shipped):
    first = first_version()
    offered = add_shipped(first)
    # Further checks are for a draft of their own.
    assert {change.field for change in changes(offered, shipped)} <= {"added"}
    assert (offered.version, add_shipped(offered)) == ("muster-1", offered)
    assert load(written(offered)) == offered


def test_what_an_operator_states_stays():
    ours = written(stating(first_version(), iterations("perftest", 0), check_id=PORT))
    ours["checks"] = [check for check in ours["checks"] if check["id"] != "p1-intra-node"]
    ours["counts"]["p1"] -= 1
    ours["weights"]["COND"] = 1
    mine = load(ours)
    moved = changes(mine, add_shipped(mine))
    assert {change.field for change in moved} == {"minimums", "added"}
    assert not [change for change in moved if change.where in (PORT, "p1-intra-node")]


def test_a_source_of_the_operator_keeps_its_id():
    ours = written(first_version())
    book = {"id": "S39", "title": "Our book", "standing": "primary"}
    ours["sources"].append(book)
    offered = add_shipped(load(ours))
    assert load(written(offered)) == offered
    titles = {source.id: source.title for source in offered.sources}
    assert titles["S39"] == "Our book"
    assert titles["S43"].startswith("linux-rdma/perftest")
    [minimum] = offered.check(PORT).minimums
    assert "[S43]" in minimum.note
    assert [each.source for each in offered.check("p1-latency-under-load").minimums] == [
        "S9",
        "OD",
        "S43",
        "J",
    ]
