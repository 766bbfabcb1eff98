"""The kind of mapping rules."""

from telemetry.mapping.forms import MappingRuleForm
from telemetry.mapping.models import MappingRule
from web.kinds.columns import plain, related
from web.kinds.declaring import declared

MAPPING_RULE = declared(
    MappingRule,
    ("source", "name", "metric", "label", "value", "site", "kind", "object_name"),
    (
        plain("name", "Name", locked=True, phone="title"),
        related("source", "Source", export="source.name"),
        plain("metric", "Metric", code=True),
        plain("label", "Label", code=True),
        plain("value", "Value", code=True, phone="full"),
        related("site", "Site", export="site.slug"),
        plain("kind", "Kind of object"),
        plain("object_name", "Object", code=True, phone="full"),
    ),
    brief=("name",),
    search=("name", "metric", "label", "value", "object_name", "source__name"),
    panel=("source", "site", "kind", "label"),
    form=MappingRuleForm,
    groups=(
        ("Rule", ("source", "name")),
        ("Series", ("label", "value", "metric")),
        ("Object", ("site", "kind", "object_name")),
    ),
    joins=("source__site", "site"),
    together=("source", "metric", "value", "site", "kind", "object_name"),
    room=("Telemetry", "ingest"),
    icon="link",
    hint="Which objects the series of a source describe whose labels name none",
    then="Muster matches all series of the source again within 20 seconds.",
    above=lambda rule: [rule.source],
    links=(("Unmatched series", "series-unmatched", "help-circle"),),
    empty={
        "title": "No series mapping rules yet",
        "text": "A rule says which object those series of a source describe whose labels name nothing in the"
        " inventory.",
        "icon": "link",
    },
)
