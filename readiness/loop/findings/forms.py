"""Forms of findings. They read; the operations check and save."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from inventory.forms import SiteField
from readiness.loop.actions.forms import area, check_choices
from readiness.loop.findings.core.seen import SeenRefused, SeenThing, seen_from_text
from readiness.loop.findings.models import Finding
from readiness.loop.findings.operations import MAY_ANSWER
from readiness.tradeoffs.models import Decision
from web import scopes
from web.forms import DayField, RefusedForm
from web.visibility import reader

MOST_DECISIONS = 200
ANSWERERS = [
    (Finding.Route.TO_PLANNERS, "Planners"),
    (Finding.Route.TO_OPS, "Operations"),
    (Finding.Route.TO_FRAMEWORK, "The owner of the framework: a check itself is wrong"),
]


def _decisions() -> Any:
    """The newest: a longer list would be searched by nobody."""
    in_order = Decision.objects.order_by("-decided_at", "-pk")
    newest = in_order.filter(pk__in=list(in_order.values_list("pk", flat=True)[:MOST_DECISIONS]))
    return newest.select_related("site", "workload").defer("options", "snapshot", "sensitivity")


class DecisionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.pk}: {obj}"


class RaiseForm(RefusedForm):
    """The thing seen comes with the link, is shown, and stays as it was."""

    title = forms.CharField(label="Finding", max_length=200, help_text="One sentence: what is wrong.")
    text = area(
        "Description",
        rows=4,
        required=True,
        max_length=4000,
        help_text="What you saw, and what should change.",
    )
    site = SiteField(required=False, empty_label="The whole fleet")
    route = forms.ChoiceField(label="Who is to answer", choices=ANSWERERS, widget=forms.RadioSelect)
    closing = forms.ChoiceField(label="Closes when", choices=Finding.Closing, widget=forms.RadioSelect)
    check_id = forms.ChoiceField(
        label="Check", required=False, help_text="If a check closes it. The check must not pass now."
    )
    decision = DecisionField(
        Decision.objects.none(),
        label="Decision",
        required=False,
        help_text="If the figure of a decision closes it.",
    )
    subject_kind = forms.ChoiceField(label="About", choices=Finding.Subject)
    subject_key = forms.CharField(label="Name or number of it", max_length=200, required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    groups = (
        ("Finding", ("title", "text", "site", "route")),
        ("When it closes", ("closing", "check_id", "decision")),
        ("What it is about", ("subject_kind", "subject_key")),
    )

    def __init__(self, data: Any = None, files: Any = None, *, initial: Mapping[str, Any]) -> None:
        link_values = dict(initial)
        self.shown_seen = _readable_seen(link_values.get("seen") if data is None else data.get("seen"))
        if link_values.get("subject_kind") == Finding.Subject.CHECK:
            link_values.setdefault("check_id", link_values.get("subject_key", ""))
        link_values.setdefault("title", self.shown_seen.title)
        super().__init__(data, initial={**_usual_values(), **link_values})
        fields = dict[str, Any](self.fields)
        fields["check_id"].choices = check_choices("none")
        fields["decision"].queryset = _decisions()
        # What is of the whole fleet is for users who see all sites.
        fields["site"].required = not scopes.sees_all()

    def clean_seen(self) -> dict[str, Any]:
        try:
            return seen_from_text(self.cleaned_data["seen"]).json_fields()
        except SeenRefused as error:
            raise ValidationError(f"What was seen cannot be kept: {error}") from error


def _readable_seen(text: Any) -> SeenThing:
    try:
        return seen_from_text(text or "")
    except SeenRefused:
        return SeenThing()


def _usual_values() -> dict[str, Any]:
    """The values of a finding until somebody chooses others. Operations answer whoever answers for planning; planners
    answer all others."""
    by = reader()
    is_planner = by is not None and by.has_perm(MAY_ANSWER[Finding.Route.TO_PLANNERS])
    route = Finding.Route.TO_OPS if is_planner else Finding.Route.TO_PLANNERS
    return {"route": route, "closing": Finding.Closing.CHECK, "subject_kind": Finding.Subject.PAGE}


class AcceptForm(RefusedForm):
    reason = area("Reason, and what you will do")


class RejectForm(RefusedForm):
    reason = area("Reason", required=True)


class DeferForm(RefusedForm):
    until = DayField(label="Until", help_text="Then it waits for an answer again.")
    reason = area("Reason", required=True)


class CommentTextForm(RefusedForm):
    text = area("Comment", required=True)


class TakeUpForm(RefusedForm):
    decision = DecisionField(
        Decision.objects.none(), label="Decision", help_text="The one that takes the finding up."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].queryset = _decisions()  # type: ignore[attr-defined]


class ReopenFindingForm(RefusedForm):
    reason = area("Reason", required=True)
