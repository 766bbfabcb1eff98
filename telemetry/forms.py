"""The form of a source."""

from typing import Any

from django import forms
from django.core.validators import MinValueValidator

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
            "name": "Name",
            "site": "Site",
            "site_label": "Site label",
            "cadence_s": "Cadence, s",
            "grace_s": "Grace, s",
            "provenance": "Provenance",
            "owner": "Owner",
            "description": "Description",
        }
        help_texts = {
            "name": "What people call this sender, such as “porto prometheus”.",
            "site": "Everything it sends belongs to this site. Leave it empty if one sender serves many sites.",
            "site_label": "The label whose value is the slug of a site, such as “site”. Only without a site above.",
            "cadence_s": "Seconds between two samples of a series: the sender's scrape interval.",
            "grace_s": "Seconds past the cadence before the source is late; past three times both it is silent.",
            "provenance": "What its numbers are. An estimate is never shown as a measurement.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sees_names():
            self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("username")
            self.fields["owner"].empty_label = "– nobody –"
        else:
            del self.fields["owner"]
        self.fields["site"].queryset = Site.objects.order_by("name", "pk")
        self.fields["site"].empty_label = "– named by a label –"
        self.fields["cadence_s"].validators.append(MinValueValidator(1))
        self.fields["cadence_s"].widget.attrs["min"] = 1
