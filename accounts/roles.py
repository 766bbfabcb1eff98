"""The five roles, as Django groups.

Permissions are patterns over permission names; the apps above are named by label only. A permission that no pattern
matches belongs to admin only.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.contrib.auth.models import Group, Permission
from django.db import transaction

ADMIN = "admin"
# Apps whose objects every role may view. People and tokens are not among them.
OPEN_APPS = (
    "inventory",
    "telemetry",
    "framework",
    "workloads",
    "jurisdiction",
    "evidence",
    "ownership",
    "grants",
    "scoring",
    "golive",
    "tradeoffs",
    "boards",
)


@dataclass(frozen=True, slots=True)
class Role:
    """`allows` are fnmatch patterns of `app_label.codename`."""

    name: str
    allows: tuple[str, ...]

    def may(self, permission: str) -> bool:
        return any(fnmatchcase(permission, pattern) for pattern in self.allows)


# Only data about people that names nobody, because names are personal data.
_counted = (
    *(
        "team",
        "staffing",
        "skill",
        "skillprerequisite",
        "capabilityrule",
        "course",
        "rotation",
        "rotationsite",
        "dutyrule",
    ),
    *("layer", "procedure", "alertrule", "drill", "drillaction", "exercise", "survey", "surveyquestion"),
)
_look = (*(f"{app}.view_*" for app in OPEN_APPS), *(f"people.view_{model}" for model in _counted))
_named = (
    *("person", "membership", "qualification", "skillexemption", "training", "layermember", "override"),
    *("leave", "swap", "shift", "participant"),
)
_names = tuple(f"people.view_{model}" for model in _named)
_practise = (
    "people.*_drill",
    "people.*_participant",
    "people.*_exercise",
    "people.*_procedure",
    "people.add_swap",
)
_confirm = "evidence.confirm_attestation"
_prove = ("evidence.add_validationrun", "evidence.add_attestation", "evidence.*_recordedfact", _confirm)
_factors = tuple(
    f"tradeoffs.*_{model}" for model in ("sitefactor", "latencyfactor", "factorday", "exchangerate")
)
_draft = (
    *(f"framework.{verb}_frameworkversion" for verb in ("add", "change", "delete")),
    "boards.add_dryrun",
    *(f"jurisdiction.{verb}_rulepack" for verb in ("add", "change", "delete")),
    "jurisdiction.*_dataorigin",
    "jurisdiction.*_heldbasis",
)
_decide = ("framework.publish_frameworkversion", "boards.add_dryrun", "jurisdiction.publish_rulepack")

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("viewer", _look),
        Role(
            "ops",
            (
                *_look,
                "telemetry.*_source",
                "inventory.change_device",
                "inventory.change_accelerator",
                "scoring.change_sitescore",
                "scoring.add_reasonend",
                "demo.change_demofleet",
                "grants.add_grant",
                "golive.*_campaign",
                "golive.progress_workitem",
                "accounts.share_savedview",
                *_names,
                *_practise,
                *_prove,
            ),
        ),
        Role(
            "planner",
            (
                *_look,
                "inventory.*",
                "workloads.*",
                "scoring.change_sitescore",
                "grants.add_grant",
                "tradeoffs.add_decision",
                "tradeoffs.add_portfoliorun",
                "tradeoffs.cancel_portfoliorun",
                "golive.*_campaign",
                "golive.*_workitem",
                "ownership.add_assignment",
                "accounts.share_savedview",
                *_names,
                *_prove,
                "evidence.*_floor",
                "evidence.*_reportrule",
                "evidence.*_declaredlimit",
                *_factors,
                *_draft,
                "evidence.change_validationrun",
            ),
        ),
        Role(
            "manager",
            (
                *_look,
                "inventory.change_site",
                "accounts.view_user",
                *(f"accounts.{verb}_savedview" for verb in ("share", "change", "delete")),
                "grants.approve_grant",
                "tradeoffs.approve_decision",
                "evidence.*_review",
                _confirm,
                "golive.*_approver",
                "golive.*_workitem",
                "people.*",
                "ownership.*",
                *_decide,
            ),
        ),
        Role(ADMIN, ("*",)),
    )
}


@transaction.atomic
def make_roles() -> None:
    """Set the groups to ROLES, whatever they were. Users keep their groups."""
    names = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    for role in ROLES.values():
        group, _ = Group.objects.get_or_create(name=role.name)
        permission_ids = {pk for name, pk in names.items() if role.may(name)}
        if set(group.permissions.values_list("pk", flat=True)) != permission_ids:
            group.permissions.set(permission_ids)
