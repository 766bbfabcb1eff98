"""The steps that an installation needs before it can give a verdict, and which are done."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, QuerySet

from accounts.models import User
from inventory.models import Device, Site
from readiness.assessment.framework.models import FrameworkVersion
from readiness.loop.alerts.telling.readers import working_last_resorts
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Person
from telemetry.models import Source, SourceStatus
from web.links import link
from web.permissions import roles_of


@dataclass(frozen=True, slots=True)
class SetupStep:
    """`page` names the page of the step. `is_theirs` says whether the reader has the `permission` to do it."""

    key: str
    title: str
    text: str
    page: str
    action: str
    permission: str
    is_done: bool = False
    is_theirs: bool = False

    @property
    def url(self) -> str:
        return link(self.page)

    @property
    def roles(self) -> str:
        return roles_of(self.permission)


STEPS = (
    SetupStep("site", "Add a site", "One place that holds infrastructure, in a region, with its stage and time zone.",
              "site-add", "Add a site", "inventory.add_site"),
    SetupStep("devices", "Add its devices", "Paste or upload a CSV file: Muster shows the rows before it takes them.",
              "device-csv", "Import devices", "inventory.add_device"),
    SetupStep("source", "Add a source", "It gets a token, and Muster shows the lines to paste into the sender.",
              "source-add", "Add a source", "telemetry.add_source"),
    SetupStep("sample", "Receive the first sample", "Muster ticks this as soon as a sender delivers one.",
              "ingest", "See what arrives", "telemetry.view_source"),
    SetupStep("people", "Add people", "The people who answer for sites, with or without a user account.",
              "person-add", "Add a person", "people.add_person"),
    SetupStep("owners", "Name the owners", "Propose a person for each item of a site; they own it once they accept.",
              "ownership", "Propose owners", "ownership.add_assignment"),
    SetupStep("framework", "Publish a framework", "The checks and thresholds that sites are judged by.",
              "framework", "See the framework", "framework.publish_frameworkversion"),
    SetupStep("last-resort", "Name a last resort",
              "The shared channel for alerts that nobody takes. Its owner must see the alerts of all sites.",
              "last-resort", "Choose a channel", "alerts.change_alertingstate"),
)  # fmt: skip


def steps(by: User, *, now: datetime) -> list[SetupStep]:
    """All steps in order; one statement. Steps that depend on data which the reader cannot see are left out."""
    querysets: dict[str, QuerySet] = {
        "site": Site.objects.all(),
        "devices": Device.objects.all(),
        "source": Source.objects.all(),
        "sample": SourceStatus.objects.filter(last_sample_at__isnull=False),
        "people": Person.objects.all(),
        "owners": Assignment.objects.only_in_force(now),
        "framework": FrameworkVersion.objects.published(),
        "last-resort": working_last_resorts(),
    }
    exist = {key: Exists(rows) for key, rows in querysets.items()}
    done: dict[str, Any] = dict(User.objects.filter(pk=by.pk).values(**exist).get())
    return [replace(step, is_done=done[step.key], is_theirs=by.has_perm(step.permission)) for step in STEPS]
