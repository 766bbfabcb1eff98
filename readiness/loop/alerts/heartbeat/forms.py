"""The form of a heartbeat. It parses; the operations validate."""

from typing import Any

from django import forms

from readiness.loop.alerts.models import HeartbeatTarget
from web.forms import RefusedForm

FIELDS = ("name", "kind", "is_enabled")


class HeartbeatForm(RefusedForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= forms.fields_for_model(HeartbeatTarget, FIELDS)
        self.fields["address"] = forms.CharField(
            label="Address",
            required=not kwargs.get("initial", {}).get("name"),
            max_length=2000,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
            help_text="The whole address, such as that of a check of Healthchecks, or of an Alertmanager. It is not"
            " shown again; empty leaves it.",
        )
        self.order_fields(["name", "kind", "address", "is_enabled"])


def initial_of_heartbeat(target: HeartbeatTarget) -> dict[str, Any]:
    return {name: getattr(target, name) for name in FIELDS}
