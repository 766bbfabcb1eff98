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
    "standards",
    "scoring",
    "golive",
    "tradeoffs",
    "boards",
    "alerts",
    "incidents",
    "lessons",
    "duties",
    "actions",
    "findings",
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
    "lessons.*_lesson",
    *(f"framework.{verb}_frameworkversion" for verb in ("add", "change", "delete")),
    "boards.add_dryrun",
    *(f"jurisdiction.{verb}_rulepack" for verb in ("add", "change", "delete")),
    "jurisdiction.*_dataorigin",
    "jurisdiction.*_heldbasis",
)
_standards = (
    *(f"standards.*_{model}" for model in ("standard", "flexiblearea", "alternative")),
    *(f"standards.{verb}_standardversion" for verb in ("add", "change", "delete")),
)
_outside = (
    "alerts.*_alertsender",
    "alerts.*_inboundrule",
    "alerts.end_inboundalert",
    "alerts.*_heartbeattarget",
)
_silence = ("alerts.*_silence", "alerts.*_maintenancewindow")
_handle = "alerts.handle_alert"
_incidents = (
    *(f"incidents.{verb}_incident" for verb in ("add", "change", "review")),
    "incidents.*_incidentescape",
)
_certify = ("duties.*_dutyentry", "duties.*_dutyprofile", "duties.*_certificate", "duties.*_energyfigure")
_act = ("actions.*_action", "findings.add_finding", "findings.*_jointreview")
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
                "telemetry.*_scrapetarget",
                "telemetry.*_importrule",
                "telemetry.*_importedfile",
                "telemetry.*_unitrule",
                "telemetry.*_mappingrule",
                "inventory.change_device",
                "inventory.change_accelerator",
                "scoring.change_sitescore",
                "scoring.add_reasonend",
                _handle,
                *_incidents,
                *_act,
                "findings.answer_for_operations",
                "demo.change_demofleet",
                "web.view_message",
                "grants.add_grant",
                "standards.add_deviationwaiver",
                "golive.*_campaign",
                "golive.progress_workitem",
                "accounts.share_savedview",
                "web.share_channel",
                *_names,
                *_practise,
                *_prove,
                *_outside,
                *_silence,
                "duties.file_dutyentry",
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
                "standards.add_deviationwaiver",
                *_standards,
                "tradeoffs.add_decision",
                "tradeoffs.add_portfoliorun",
                "tradeoffs.cancel_portfoliorun",
                _handle,
                *_incidents,
                *_act,
                "findings.answer_for_planning",
                "findings.answer_for_framework",
                "golive.*_campaign",
                "golive.*_workitem",
                "golive.*_workplan",
                "ownership.add_assignment",
                "accounts.share_savedview",
                *_names,
                *_prove,
                "evidence.*_floor",
                "evidence.*_reportrule",
                "evidence.*_declaredlimit",
                *_factors,
                *_certify,
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
                "web.*_message",
                *(f"accounts.{verb}_savedview" for verb in ("share", "change", "delete")),
                "web.share_channel",
                "grants.approve_grant",
                "standards.*_deviationwaiver",
                "standards.publish_standardversion",
                *_standards,
                _handle,
                *_incidents,
                *_act,
                "findings.answer_*",
                "tradeoffs.approve_decision",
                "evidence.*_review",
                _confirm,
                "golive.*_approver",
                "golive.*_workitem",
                "golive.*_workplan",
                "people.*",
                "ownership.*",
                *_silence,
                "alerts.*_escalationroute",
                "alerts.*_escalationlevel",
                "alerts.change_alertingstate",
                "duties.*",
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
