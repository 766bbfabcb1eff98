"""Forms of drafts: create, edit, replace by a file. They parse input; the document validates it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from web.forms import RefusedForm
from web.versioned.core.documents import DocumentError
from web.versioned.core.files import texts_of
from web.versioned.models import DocumentVersion
from web.versioned.versions import Versioned
from web.yaml_documents import MOST_BYTES


class DraftForm(RefusedForm):
    made_from: forms.ModelChoiceField = forms.ModelChoiceField(None, label="Copy of", empty_label=None)
    version = forms.CharField(
        label="Name", max_length=50, required=False, help_text="Empty: the next number."
    )

    def __init__(self, *args: Any, versions: Versioned[Any, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["made_from"].queryset = versions.model._default_manager.all()  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """One step: `change` turns the present definition into the new one.

    `place` is the path of the edited part, so that a refusal is shown at the right field; `renamed` maps document keys
    to form names.
    """

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    place = ""
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()
    renamed: Mapping[str, str] = {}

    def change(self, definition: Mapping[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError

    def save(
        self, versions: Versioned[Any, Any], draft: DocumentVersion, *, by: User, now: datetime
    ) -> DocumentVersion:
        """Take the step. Raises as `Versioned.edit` does."""
        return versions.edit(draft, self.change, revision=self.cleaned_data["revision"], by=by, now=now)

    def field_sections(self) -> list[dict[str, Any]]:
        return [
            {"title": title, "fields": [self[name] for name in names if name in self.fields]}
            for title, names in self.sections
            if any(name in self.fields for name in names)
        ]

    def refused(self, error: DocumentError) -> None:
        """Show refusals at the fields whose names match most of their paths: `pass.value` at `pass_value`."""
        for each in (error, *error.others):
            self._show(each)

    def _show(self, error: DocumentError) -> None:
        path = error.path.removeprefix(self.place).lstrip(".")
        steps = path.partition("[")[0].lower().split(".")
        names = ["_".join(steps[start:end]) for end in range(len(steps), 0, -1) for start in range(end)]
        name = next((name for name in names if self.renamed.get(name, name) in self.fields), None)
        if name is None:
            self.add_error(None, str(error))
        else:
            self.add_error(
                self.renamed.get(name, name), str(error) if name in self.renamed else error.message
            )


class ImportForm(StepForm):
    file = forms.FileField(
        label="File",
        required=False,
        allow_empty_file=True,
        help_text="YAML, or a zip such as an export; 1 MiB at most.",
    )
    text = forms.CharField(
        label="Or the text of the document",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )
    sections = (("The document", ("file", "text")),)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("file")) == bool(data.get("text", "").strip()):
            raise ValidationError({"file": "Choose a file, or paste a text."})
        return data

    def save(
        self, versions: Versioned[Any, Any], draft: DocumentVersion, *, by: User, now: datetime
    ) -> DocumentVersion:
        document = versions.load(self.texts())
        return versions.replace(draft, document, revision=self.cleaned_data["revision"], by=by, now=now)

    def texts(self) -> dict[str, str]:
        file = self.cleaned_data.get("file")
        if file is None:
            return {"definition.yaml": self.cleaned_data["text"]}
        return texts_of(file.name, file.read(MOST_BYTES + 1))

    def refused(self, error: DocumentError) -> None:
        field = "file" if self.cleaned_data.get("file") else "text"
        for each in (error, *error.others):
            place = f"{each.file}, line {each.line}" if each.line else each.file
            self.add_error(field, f"{place}: {each}" if place and place != each.path else str(each))
