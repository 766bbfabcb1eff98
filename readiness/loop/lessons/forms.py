"""The form of a lesson."""

from typing import Any

from django import forms

from inventory.models import DomainChoices
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.vocabulary import Gate
from readiness.assessment.framework.models import FrameworkVersion
from readiness.loop.actions.forms import check_choices
from readiness.loop.findings.models import Finding
from readiness.loop.incidents.models import Incident
from readiness.loop.lessons.models import Lesson
from web.forms import RefusedForm
from web.permissions import MissingPermission
from web.versioned.versions import VersionConflict

GATES = (
    (Gate.INFO.value, "Nothing: it is only shown"),
    (Gate.COND.value, "Sites go live with conditions"),
    (Gate.BLOCK.value, "Sites do not go live without it"),
)
DOMAINS = [*DomainChoices.choices, ("people", "People"), ("governance", "Governance")]


class LessonForm(RefusedForm):
    refusals = (*RefusedForm.refusals, VersionConflict, MissingPermission)

    incident = forms.ModelChoiceField(
        Incident.objects.select_related("site").order_by("-began_at", "-pk"),
        label="Incident",
        required=False,
        empty_label="– none –",
    )
    finding = forms.ModelChoiceField(
        Finding.objects.order_by("-raised_at", "-pk"), label="Finding", required=False, empty_label="– none –"
    )
    claim = forms.CharField(
        label="Claim",
        max_length=200,
        help_text="What must hold at every site: Each UPS module reports the temperature of its batteries.",
    )
    why = forms.CharField(
        label="Reason", max_length=2000, help_text="What showed it.", widget=forms.Textarea(attrs={"rows": 3})
    )
    kind = forms.ChoiceField(label="It becomes", choices=Lesson.Kind, initial=Lesson.Kind.CHECK)
    check_id = forms.ChoiceField(
        label="Check", required=False, help_text="For another threshold, or a check that is there already."
    )
    pillar = forms.ChoiceField(label="Pillar of the new check", required=False)
    domain = forms.ChoiceField(
        label="Domain of the new check", required=False, choices=[("", "– choose –"), *DOMAINS]
    )
    gate = forms.ChoiceField(
        label="The new check decides", required=False, choices=GATES, initial=Gate.INFO,
        help_text="Begin with nothing. Change it in the draft, where a dry-run shows what moves at which site.",
    )  # fmt: skip
    how_to = forms.CharField(
        label="How a site makes it so",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    draft = forms.ModelChoiceField(
        FrameworkVersion.objects.none(),
        label="Draft",
        required=False,
        empty_label="– a new draft of the version in force –",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _version, framework = framework_queries.current()
        fields: Any = self.fields
        fields["check_id"].choices = check_choices("none")
        fields["pillar"].choices = [("", "– choose –"), *((each.id, each.name) for each in framework.pillars)]
        fields["draft"].queryset = FrameworkVersion.objects.filter(status="draft").order_by(
            "-created_at", "-pk"
        )

    def arguments(self) -> dict[str, Any]:
        return self.cleaned_data | {"gate": self.cleaned_data["gate"] or Gate.INFO}


class ForgetLessonForm(RefusedForm):
    """Asks whether to delete it."""
