"""Forms of a file of samples: its upload, and how it is written."""

from typing import Any

from django import forms

from inventory.models import Site
from telemetry.imports.models import ImportedFile
from telemetry.models import Source
from telemetry.targets.models import read_labels


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        required=False,
        allow_empty_file=True,
        max_length=200,
        help_text="A table with a header, such as CSV. Muster detects separators, decimal signs, charset and times.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label="Or paste text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="The first lines too: one of them names the columns.",
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if bool(values.get("file")) == bool((values.get("text") or "").strip()):
            self.add_error("file", "Choose a file or paste text, one of them.")
        return values

    def content(self) -> tuple[bytes, str]:
        """The bytes and the name of the file."""
        file = self.cleaned_data["file"]
        if file:
            return file.read(), file.name or "file"
        return self.cleaned_data["text"].encode(), "pasted text"


class FileFormForm(forms.ModelForm):
    """How the file is written. `site` is asked where the source serves several: it becomes their label."""

    site = forms.ModelChoiceField(
        Site.objects.none(), to_field_name="slug", label="Site", empty_label="– choose –"
    )

    class Meta:
        model = ImportedFile
        fields = ["separator", "decimal", "dates", "zone", "labels"]

    field_order = ["site", "separator", "decimal", "dates", "zone", "labels"]

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._site_label = "" if source.site_id else source.site_label
        separators = [choice for choice in ImportedFile.Separator.choices if choice[0]]
        self.fields["separator"] = forms.ChoiceField(label="Separator", choices=separators)
        if self.instance.asks_dates:
            orders = [("", "– choose –"), *ImportedFile.Dates.choices[1:]]
            self.fields["dates"] = forms.ChoiceField(
                label="Dates",
                choices=orders,
                help_text="The dates of this file can be read both ways.",
                error_messages={"required": "Say whether day or month comes first."},
            )
        self.order_fields(self.field_order)
        if not self._site_label:
            del self.fields["site"]
            return
        labels = read_labels(self.instance.labels)
        site = self.fields["site"]
        assert isinstance(site, forms.ModelChoiceField)
        site.queryset = Site.objects.order_by("name", "pk")
        self.initial["site"] = labels.pop(self._site_label, "")
        self.initial["labels"] = _labels_text(labels)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self._site_label and values.get("site"):
            labels = read_labels(values.get("labels", "")) | {self._site_label: values["site"].slug}
            values["labels"] = _labels_text(labels)
        return values


def _labels_text(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels.items())
