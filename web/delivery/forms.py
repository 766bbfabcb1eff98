"""The form to send a range of messages again."""

from typing import Any

from django import forms

from web.delivery.models import Channel, MessageState
from web.forms import MinuteInput

ENDED = [(value, label) for value, label in MessageState.choices if value != MessageState.WAITING]


class ReplayForm(forms.Form):
    channel = forms.ModelChoiceField(Channel.objects.none(), required=False, empty_label="All channels")
    start = forms.DateTimeField(label="Written from", widget=MinuteInput())
    end = forms.DateTimeField(label="Written before", widget=MinuteInput())
    states = forms.MultipleChoiceField(
        label="State",
        choices=ENDED,
        widget=forms.CheckboxSelectMultiple,
        initial=[MessageState.FAILED, MessageState.DROPPED],
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["channel"]
        field.queryset = Channel.objects.visible_to(user)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("start") and values.get("end") and values["start"] >= values["end"]:
            self.add_error("end", "The end comes after the beginning.")
        return values
