"""The tables of scoring: results of checks, scores, health with its reasons, and changes of state."""

from readiness.assessment.scoring.models.health import DomainHealth, HealthReason, ReasonEnd
from readiness.assessment.scoring.models.results import (
    FAILURE_LENGTH,
    CheckResult,
    Flip,
    ScoreInputs,
    ScorePoint,
    SiteScore,
)
