"""The form of a source."""

from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from inventory.models import Site
from telemetry.models import Source
from web.visibility import sees_names


class SourceForm(forms.ModelForm):
    """Checks only; `operations` saves what `cleaned_data` holds."""

    class Meta:
        model = Source
        fields = ["name", "site", "site_label", "cadence_s", "grace_s", "provenance", "owner", "description"]
        labels = {
            "name": _("Name"),
            "site": _("Site"),
            "site_label": _("Site label"),
            "cadence_s": _("Cadence, s"),
            "grace_s": _("Grace, s"),
            "provenance": _("Provenance"),
            "owner": _("Owner"),
            "description": _("Description"),
        }
        help_texts = {
            "name": _("What people call this sender, such as “porto prometheus”."),
            "site": _(
                "Everything it sends belongs to this site. Leave it empty if one sender serves many sites."
            ),
            "site_label": _(
                "The label whose value is the slug of a site, such as “site”. Only without a site above."
            ),
            "cadence_s": _("Seconds between two samples of a series: the sender's scrape interval."),
            "grace_s": _(
                "Seconds past the cadence before the source is late; past three times both it is silent."
            ),
            "provenance": _("What its numbers are. An estimate is never shown as a measurement."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sees_names():
            self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("username")
            self.fields["owner"].empty_label = _("– nobody –")
        else:
            del self.fields["owner"]
        self.fields["site"].queryset = Site.objects.order_by("name", "pk")
        self.fields["site"].empty_label = _("– named by a label –")
        self.fields["cadence_s"].validators.append(MinValueValidator(1))
        self.fields["cadence_s"].widget.attrs["min"] = 1
