"""Lists of what is recorded of people, each one tab beside the others, for those who may open it."""

from typing import Any

from django.urls import reverse

from web.visibility import SEES_NAMES, reader

_LISTS = (
    ("coverage", "Coverage", "people.view_staffing"),
    ("capability-rule-list", "Rules", "people.view_capabilityrule"),
    ("skill-list", "Skills", "people.view_skill"),
    ("skill-prerequisite-list", "Prerequisites", "people.view_skillprerequisite"),
    ("qualification-list", "Qualifications", "people.view_qualification"),
    ("skill-exemption-list", "Exemptions", "people.view_skillexemption"),
    ("course-list", "Courses", "people.view_course"),
    ("training-list", "Training", "people.view_training"),
    ("staffing-list", "Staffing", "people.view_staffing"),
)
_NAMING = ("qualification-list", "skill-exemption-list", "training-list")


def tabs(current: str) -> list[dict[str, Any]]:
    by = reader()
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, label, permission in _LISTS
        if by is not None and by.has_perm(permission) and (name not in _NAMING or by.has_perm(SEES_NAMES))
    ]
