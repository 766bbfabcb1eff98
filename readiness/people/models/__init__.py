"""Teams and people, what they can do, what they learn, when they are on call, and what they practised and answered."""

from readiness.people.models.practice import AlertRule, Drill, DrillAction, Exercise, Participant, Procedure
from readiness.people.models.rotations import (
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
from readiness.people.models.shifts import Shift, Swap
from readiness.people.models.skills import (
    CapabilityRule,
    Qualification,
    Skill,
    SkillExemption,
    SkillPrerequisite,
    WorkDomain,
)
from readiness.people.models.staff import Membership, Person, Staffing, Team, has_left
from readiness.people.models.surveys import Survey, SurveyAnswer, SurveyQuestion
from readiness.people.models.training import Course, Training
