"""A plant under a firmware baseline, and its standard in a word."""

import pytest

from readiness.assessment.standards import operations
from readiness.assessment.standards.models import Standard
from tests.readiness.organisation.people import made as people

FIRMWARE = {
    "id": "switch-firmware",
    "title": "Switches run the approved firmware",
    "subject": "device",
    "roles": ["switch"],
    "reads": "firmware",
    "operator": "at-least",
    "values": ["4.2"],
}


@pytest.fixture
def standard_of(db, manager, frozen_now):
    """`standard_of(rules, kind="baseline")` is a standard with a published version of these rules, on every topic."""

    def make(*rules, version="1", **columns):
        values = {"name": "Fabric", "slug": "fabric", "kind": "baseline", "topics": Standard.Topic.values}
        values |= {
            "owner": people.team(),
            "review_on": frozen_now.at.date().replace(year=frozen_now.at.year + 1),
        }
        standard = Standard.objects.create(**values | columns)
        publish(standard, *rules, version=version, by=manager, now=frozen_now.at)
        return standard

    return make


def draft(standard, *rules, version, by, now, **scope):
    return operations.draft_version(
        standard=standard, version=version, rules=list(rules), by=by, now=now, **scope
    )


def publish(standard, *rules, version, by, now, **scope):
    return operations.publish_version(
        draft(standard, *rules, version=version, by=by, now=now, **scope), by=by, now=now
    )
