"""The form of a unit rule, which shows what the rule would do before it is saved."""

from typing import Any

from telemetry.core.conversions import units_by_quantity
from telemetry.core.registry import registry
from telemetry.unit_rules.trial import TrialRow, trial_rows
from web import clock
from web.forms import Suggesting
from web.kinds.declaring import ObjectForm

TRY = "try"


class UnitRuleForm(ObjectForm):
    begins_with = ("metric", "unit")
    trial_template = "telemetry/unit_rules/trial.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [
            (quantity, [(unit, unit) for unit in units]) for quantity, units in units_by_quantity().items()
        ]
        self.fields["unit"].choices = [("", "– by factor and offset –"), *groups]  # type: ignore[attr-defined]
        self.fields["metric"].widget = Suggesting(registry().names)
        self.trial: list[TrialRow] | None = None

    def is_valid(self) -> bool:
        """A form that is only tried is not saved, but shown again with what the rule would do."""
        if not super().is_valid():
            return False
        if TRY not in self.data:
            return True
        replaced = self.instance if self.instance.pk else None
        self.trial = trial_rows(
            self.instance.source, self.instance.sent_unit, replaced=replaced, now=clock.now()
        )
        return False

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        is_usual = fields.get("factor") == 1 and fields.get("offset") == 0
        if fields.get("unit") == "" and is_usual and "unit" in fields:
            self.add_error("unit", "Choose the unit that the sender uses, or enter a factor or an offset.")
        return fields
