"""The form of series mapping rules, which shows what a rule would do before it is saved."""

from typing import Any

from telemetry.mapping.trial import MappingTrial, mapping_trial
from web.kinds.declaring import ObjectForm

TRY = "try"


class MappingRuleForm(ObjectForm):
    # The list of unmatched series links here.
    begins_with = ("metric", "label", "value")
    trial_template = "telemetry/mapping/trial.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("value"):
            self.initial.setdefault("name", str(self.initial["value"])[:100])
        self.trial: MappingTrial | None = None

    def is_valid(self) -> bool:
        """A form that is only tried is not saved, but shown again with what the rule would do."""
        if not super().is_valid():
            return False
        if TRY not in self.data:
            return True
        self.trial = mapping_trial(self.instance)
        return False
