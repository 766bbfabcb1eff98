"""The kind of unit rules."""

from inventory.api import InventorySerializer
from telemetry.unit_rules.forms import UnitRuleForm
from telemetry.unit_rules.models import UnitRule
from telemetry.unit_rules.sentences import rule_words
from web import clock
from web.ages import ago
from web.kinds.columns import figure, hidden, plain, related
from web.kinds.declaring import declared
from web.tables import Column

FROM_NOW_ON = "It holds for samples that arrive from now on."

UNIT_RULE = declared(
    UnitRule,
    ("source", "metric", "unit", "factor", "offset"),
    (
        plain("metric", "Metric", locked=True, phone="title", code=True),
        related("source", "Source", export="source.name"),
        Column("words", "Reads values", value=lambda rule: rule_words(rule.sent_unit)),
        Column(
            "in_force_since",
            "Since",
            text=lambda rule: ago(rule.in_force_since, now=clock.now()),
            sort="in_force_since",
            hint="Samples that arrived before were read without it",
        ),
        hidden(plain, "unit", "Sent in"),
        figure("factor", "Factor", default=False),
        figure("offset", "Offset", default=False),
    ),
    brief=("metric", "unit", "factor", "offset"),
    search=("metric", "source__name"),
    panel=("source", "unit"),
    joins=("source__site",),
    also=("in_force_since",),
    serializer=InventorySerializer,
    together=("metric", "unit", "factor", "offset"),
    form=UnitRuleForm,
    room=("Telemetry", "ingest"),
    icon="gauge",
    hint="In which units sources send, where these are not the usual ones",
    notice="A rule reads the samples that arrive while it is in force. What is stored stays as it was read, because"
    " Muster keeps no value as it was sent: a chart may jump where a rule begins or ends.",
    then=FROM_NOW_ON,
    above=lambda rule: [rule.source],
    empty={
        "title": "No unit rules yet",
        "text": "A rule says in which unit a source sends a metric, such as °F or kW. Without one, Muster takes the"
        " unit that the metric's exporter usually sends.",
        "icon": "gauge",
    },
)
