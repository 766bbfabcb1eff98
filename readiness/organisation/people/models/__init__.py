"""Teams and people, what they can do, what they learn, when they are on call, and what they practised and answered."""

from readiness.organisation.people.models.duty import DutyRule
from readiness.organisation.people.models.practice import (
    AlertRule,
    Drill,
    DrillAction,
    Exercise,
    Participant,
    Procedure,
)
from readiness.organisation.people.models.qualifications import Qualification, SkillExemption
from readiness.organisation.people.models.rotations import (
    Layer,
    LayerMember,
    Leave,
    Level,
    Override,
    Rotation,
    RotationCalendar,
    RotationChange,
    RotationSite,
)
from readiness.organisation.people.models.shifts import Shift, Swap
from readiness.organisation.people.models.skills import (
    CapabilityRule,
    Skill,
    SkillPrerequisite,
    WorkDomain,
)
from readiness.organisation.people.models.staff import Membership, Person, Staffing, Team, has_left
from readiness.organisation.people.models.surveys import Survey, SurveyAnswer, SurveyQuestion
from readiness.organisation.people.models.training import Course, Training
