"""Standards and alternatives for the checks that Muster computes from them."""

from readiness.assessment.standards.models import Alternative, Standard
from readiness.demand.workloads import operations as workloads
from tests.inventory import made
from tests.readiness.assessment.standards.conftest import FIRMWARE, publish

STATED = {
    "p4-standard-interfaces": {"devices-conforming": 100},
    "p4-multivendor-standard": {"standard-current": 1, "deviations-unwaived": 0, "deviations-waived": 0},
    "p4-flexibility-preserved": {"classes-without-alternative": 0, "classes-untested": 0},
}


def begins(site, manager, planner, now):
    """Return functions by check: each gives the site records with which the check does not pass."""

    def deviating():
        made.device(site=site, role="switch", firmware_version="4.1")
        nobodys = Standard.objects.create(name="Fabric", slug="fabric", kind="interfaces", topics=["matrix"])
        publish(nobodys, FIRMWARE, version="1", by=manager, now=now)

    def tied():
        chat, search = (
            workloads.declare(
                name=name, slug=name.lower(), criticality="critical", allowed_jurisdictions=["US"],
                declared_on=now.date(), by=planner, now=now,
            )
            for name in ("Chat", "Search")
        )  # fmt: skip
        for placed in (chat, search):
            workloads.place(placed, site=site, on=now.date(), by=planner, now=now)
        Alternative.objects.create(workload_class=chat, kind="site", name="Another site")

    return {
        "p4-standard-interfaces": deviating,
        "p4-multivendor-standard": deviating,
        "p4-flexibility-preserved": tied,
    }
