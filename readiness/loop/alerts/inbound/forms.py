"""Forms of senders, and of the trial of a body. They parse; the operations validate."""

from typing import Any

from django import forms

from accounts.models import User
from inventory.models import Site
from readiness.loop.alerts.models import AlertSender
from web.forms import RefusedForm
from web.visibility import sees_names

SENDER_FIELDS = ("name", "kind", "site", "owner")


class ConfirmStepForm(RefusedForm):
    """Asks whether to take a step that needs nothing else."""


class AlertSenderForm(RefusedForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= forms.fields_for_model(AlertSender, SENDER_FIELDS)
        self.fields["secret"] = forms.CharField(
            label="Secret of its signature",
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
            help_text="Grafana: that of its HMAC, optional. PagerDuty: the one that it shows once. One a line while it"
            " is changed. It is not shown again; empty leaves it.",
        )
        fields: dict[str, Any] = self.fields
        if sees_names():
            fields["owner"].queryset = User.objects.filter(is_active=True).order_by("username")
            fields["owner"].empty_label = "– nobody –"
        else:
            del fields["owner"]
        fields["site"].queryset = Site.objects.order_by("name", "pk")
        fields["site"].empty_label = "– named by labels –"


class TrialForm(forms.Form):
    """A body as the other system sends it, and the sender that it would come from."""

    sender = forms.ModelChoiceField(AlertSender.objects.none(), label="Sender", empty_label=None)
    body = forms.CharField(
        label="Body",
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="The JSON of a webhook, or an object of labels such as {“alertname”: “NodeDown”, “site”: “porto”}.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["sender"].queryset = AlertSender.objects.select_related("site").order_by("name")


def initial_of_sender(sender: AlertSender) -> dict[str, Any]:
    return {"name": sender.name, "kind": sender.kind, "site": sender.site_id, "owner": sender.owner_id}
