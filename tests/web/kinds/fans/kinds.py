"""Fans: the list, pages, forms and endpoint."""

from tests.web.kinds.fans.models import Fan
from web.kinds.columns import figure, name, plain, related
from web.kinds.declaring import declared

FAN = declared(
    Fan,
    ("site", "name", "status", "airflow_m3h"),
    [
        name(),
        plain("status", "Status", phone="status"),
        related("site", "Site"),
        figure("airflow_m3h", "Airflow", "m³/h"),
    ],
    room=("Inventory", "inventory"),
    brief=("name",),
    search=("name", "site__name"),
    panel=("site", "status"),
    joins=("site",),
    icon="snowflake",
    hint="What moves the air",
    above=lambda fan: [fan.site],
)
