"""A framework that dropped or renamed what code and stored rows name: nothing breaks on it."""

import pytest

from readiness.framework import operations as framework_operations
from readiness.framework import queries as framework_queries
from readiness.framework.core.loading import load
from readiness.framework.core.mapping import to_mapping
from readiness.scoring.checks import COMPUTED, computed
from readiness.scoring.gather import gather
from readiness.scoring.models import CheckResult

pytestmark = pytest.mark.django_db


def definition(version="muster-2"):
    return to_mapping(framework_queries.current()[1]) | {"version": version}


def without_part(check_id, part_id):
    """The shipped definition with one sub-measure under another id."""
    edited = definition()
    [check] = [one for one in edited["checks"] if one["id"] == check_id]
    for part in check["parts"]:
        if part["id"] == part_id:
            part["id"] = "renamed"
    return load(edited)


def test_every_computed_sub_measure_may_be_dropped(well):
    _, framework = framework_queries.current()
    facts = gather([well.site.pk], framework, now=well.clock.at)[well.site.pk]
    whole = computed(framework, facts, well.clock.at)
    for check_id in COMPUTED:
        for part in framework.check(check_id).parts:
            kept = computed(without_part(check_id, part.id), facts, well.clock.at)
            assert set(kept) <= set(whole) - {(check_id, part.id)}
            # Its metrics are those that both others of accelerator health are told from.
            if part.id != "still-scheduling":
                assert set(kept) == set(whole) - {(check_id, part.id)}


def test_sites_are_evaluated_without_a_check_they_had(well):
    edited = definition()
    edited["checks"] = [one for one in edited["checks"] if one["id"] != "p5-fabric-health"]
    edited["counts"]["p5"] -= 1
    framework_operations.publish(edited, by=None, now=well.clock.at)
    well.clock.move(seconds=10)
    well.evaluate()
    assert not CheckResult.objects.filter(check_id="p5-fabric-health").exists()
    assert CheckResult.objects.count() == 47
