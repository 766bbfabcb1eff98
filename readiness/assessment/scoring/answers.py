"""The kept answers of what is on record of sites: all the tables that they are read from."""

from typing import TYPE_CHECKING

from accounts.models import User
from inventory.models import (
    Accelerator,
    CoolingUnit,
    Device,
    DeviceType,
    Link,
    Manufacturer,
    Port,
    PowerFeed,
    Rack,
    Region,
    Site,
)
from readiness.assessment.duties.models import Certificate, DutyEntry, LegalDuty
from readiness.assessment.evidence.models import (
    Attestation,
    DeclaredLimit,
    Floor,
    RecordedFact,
    Review,
    ReviewAction,
    RunDevice,
    SignOff,
    ValidationRun,
)
from readiness.assessment.grants.models import Grant
from readiness.assessment.standards.models import DeviationWaiver, Standard, StandardVersion
from readiness.demand.jurisdiction.models import RulePack
from readiness.demand.workloads.models import (
    AcceleratorDemand,
    Placement,
    ServedRegion,
    UserRegion,
    WorkloadClass,
)
from readiness.organisation.ownership.models import Assignment, Confirmation
from readiness.organisation.people.models import Leave, Person, Rotation, RotationSite, Shift, Team
from telemetry.models import InventoryDrift, SchedulerState
from web.cached import CachedAnswer

if TYPE_CHECKING:
    from readiness.assessment.scoring.records import DatedFacts, SiteRecords

# Writes of `versions` leave a claim, after which the site has another token.
FACTS: CachedAnswer[int, "DatedFacts"] = CachedAnswer(
    "facts of sites",
    models=(LegalDuty, Manufacturer, Region, Review, ReviewAction, SignOff),
    versions=(
        *(Accelerator, CoolingUnit, Device, DeviceType, Link, Port, PowerFeed, Rack, Site, SchedulerState),
        *(DeclaredLimit, Certificate, DutyEntry, DeviationWaiver, Standard, StandardVersion, RulePack),
        *(Assignment, Confirmation, Placement, ServedRegion, UserRegion, WorkloadClass),
        *(User, Leave, Person, Rotation, RotationSite, Shift, Team),
    ),
    any_answers=True,
    most=2,
    most_entries=1000,
)
RECORDS: CachedAnswer[int, "SiteRecords"] = CachedAnswer(
    "records of sites",
    versions=(
        *(Accelerator, Device, DeviceType, Port, Site, InventoryDrift),
        *(Attestation, Floor, RecordedFact, RunDevice, ValidationRun, Grant),
        *(AcceleratorDemand, Placement, ServedRegion, WorkloadClass, User),
    ),
    answers=(FACTS,),
    any_answers=True,
    most=2,
    most_entries=1000,
)
