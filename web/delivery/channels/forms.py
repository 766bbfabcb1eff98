"""Forms of channels: what is asked depends on the kind."""

from typing import Any

from django import forms

from accounts.models import ScopeKind, User
from web import scopes
from web.delivery.channels.entries import PAGERDUTY, PAGERDUTY_EU, SECRETS
from web.delivery.models import Channel, ChannelKind
from web.forms import RefusedForm

ADDRESSES: dict[ChannelKind, tuple[str, str]] = {
    ChannelKind.MAIL: ("E-mail address", "Muster sends a code to this address. Enter it here."),
    ChannelKind.WEBHOOK: (
        "Address that is called",
        "It must begin with https://. Muster makes the secret that signs each message, and shows it once.",
    ),
    ChannelKind.ALERTMANAGER: ("Address of Alertmanager", "Such as https://alertmanager.example.com"),
    ChannelKind.CHAT: (
        "Address of the webhook",
        "As Slack (incoming webhook), Teams (workflow) or Mattermost (incoming webhook) shows it.",
    ),
}
WHOLE = ("", "All that its owner sees")


def _places() -> list[tuple[str, Any]]:
    names = scopes.places().items()
    return [
        WHOLE,
        *(
            (kind.label, [(f"{kind.value}:{slug}", name) for (of, slug), name in names if of == kind])
            for kind in ScopeKind
        ),
    ]


class ChannelForm(RefusedForm):
    """`channel` is the one to be changed, None for a new one."""

    field_of = {"scope_slug": "scope", "scope_kind": "scope"}

    name = forms.CharField(label="Name", max_length=100)
    address = forms.CharField(max_length=2000)
    secret = forms.CharField(
        max_length=500, widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False)
    )
    only_urgent = forms.BooleanField(
        label="Urgent messages only", required=False, help_text="Messages that can wait are not sent here."
    )
    is_shared = forms.BooleanField(
        label="Shared", required=False, help_text="A room or system that several people read. You own it."
    )
    scope = forms.ChoiceField(
        label="Only of",
        required=False,
        choices=_places,
        help_text="For a shared channel: people who see only this place may see the channel and its messages.",
    )

    def __init__(
        self, *args: Any, kind: ChannelKind, by: User, channel: Channel | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.channel = kind, channel
        self._ask_for_address()
        self._ask_for_secret()
        if not (by.has_perm("web.share_channel") or (channel is not None and channel.is_shared)):
            del self.fields["is_shared"], self.fields["scope"]

    def _ask_for_address(self) -> None:
        field = self.fields["address"]
        if self.kind is ChannelKind.MAILBOX:
            del self.fields["address"]
            return
        if self.kind is ChannelKind.PAGERDUTY:
            regions = [(PAGERDUTY, "United States"), (PAGERDUTY_EU, "Europe")]
            field = self.fields["address"] = forms.ChoiceField(label="Service region", choices=regions)
            if self.channel is not None:
                field.choices = [("", "As it is"), *regions]  # type: ignore[attr-defined]
        else:
            field.label, field.help_text = ADDRESSES[self.kind]
        if self.channel is not None:
            field.required = False
            field.help_text = f"Leave it empty to keep {self.channel.address}; another one must be confirmed."

    def _ask_for_secret(self) -> None:
        if self.kind not in SECRETS:
            del self.fields["secret"]
            return
        field = self.fields["secret"]
        field.label, field.required = SECRETS[self.kind], self.kind is ChannelKind.PAGERDUTY
        if self.channel is not None:
            field.required = False
            field.help_text = "Leave it empty to keep the present one, which is never shown."

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        if "scope" in values:
            scope = values.pop("scope")
            kind, _colon, slug = scope.partition(":") if values["is_shared"] else ("", "", "")
            values |= {"scope_kind": kind, "scope_slug": slug}
        return values


def initial(channel: Channel) -> dict[str, Any]:
    scope = f"{channel.scope_kind}:{channel.scope_slug}" if channel.scope_slug else ""
    names = ("name", "only_urgent", "is_shared")
    return {name: getattr(channel, name) for name in names} | {"scope": scope}
