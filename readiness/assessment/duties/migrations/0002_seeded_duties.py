"""Legal duties with their sources, as examples to be checked and edited."""

from django.db import migrations

EU = "https://eur-lex.europa.eu/eli"
NOTE = "An example, no legal advice."
SEEDED = (
    {
        "slug": "eu-energy-report",
        "name": "Energy report of data centres",
        "asks": "Report the figures of the last year to the European database on data centres, and publish them.",
        "instrument": "Directive (EU) 2023/1791 and Delegated Regulation (EU) 2024/1364",
        "article": "Art. 12; Annexes I and II",
        "source_url": f"{EU}/reg_del/2024/1364/oj",
        "places": ["EU"],
        "min_it_kw": 500.0,
        "recurs": "yearly",
        "month": 5,
        "day": 15,
        "note": f"{NOTE} An amendment was drafted in 2026.",
    },
    {
        "slug": "nis2-incident-reports",
        "name": "Reports of significant incidents",
        "asks": "Warn within 24 hours, notify within 72 hours, and report within a month of the notification.",
        "instrument": "Directive (EU) 2022/2555 (NIS2)",
        "article": "Art. 23",
        "source_url": f"{EU}/dir/2022/2555/oj",
        "places": ["EU"],
        "sectors": ["digital"],
        "recurs": "event",
        "note": NOTE,
    },
    {
        "slug": "dora-resilience-tests",
        "name": "Tests of digital resilience",
        "asks": "Test systems that support critical or important functions at least once a year.",
        "instrument": "Regulation (EU) 2022/2554 (DORA)",
        "article": "Art. 24",
        "source_url": f"{EU}/reg/2022/2554/oj",
        "places": ["EU"],
        "sectors": ["financial"],
        "recurs": "every",
        "months": 12,
        "note": NOTE,
    },
    {
        "slug": "gdpr-transfers",
        "name": "Transfers of personal data",
        "asks": "Send personal data out of the EEA only on a basis that is on record.",
        "instrument": "Regulation (EU) 2016/679 (GDPR)",
        "article": "Chapter V, Art. 44",
        "source_url": f"{EU}/reg/2016/679/oj",
        "places": ["EEA"],
        "sectors": ["personal"],
        "recurs": "event",
        "note": NOTE,
    },
    {
        "slug": "ai-act-literacy",
        "name": "AI literacy of staff",
        "asks": "Ensure that staff who work with AI systems know enough about them. Reviewed once a year here.",
        "instrument": "Regulation (EU) 2024/1689 (AI Act)",
        "article": "Art. 4",
        "source_url": f"{EU}/reg/2024/1689/oj",
        "places": ["EU"],
        "sectors": ["ai"],
        "recurs": "every",
        "months": 12,
        "note": f"{NOTE} The wording was softened in 2026: read the text in force.",
    },
    {
        "slug": "enefg-efficiency",
        "name": "Efficiency of German data centres",
        "asks": "Reach a PUE of 1.5 or less, for data centres that began before 1 July 2026.",
        "instrument": "Energieeffizienzgesetz (EnEfG)",
        "article": "§ 11",
        "source_url": "https://www.gesetze-im-internet.de/enefg/",
        "places": ["DE"],
        "min_it_kw": 300.0,
        "recurs": "once",
        "once_on": "2027-07-01",
        "note": f"{NOTE} A draft of April 2026 would change the limits.",
    },
)


def add(apps, schema_editor):
    duties = apps.get_model("duties", "LegalDuty").objects
    existing = set(duties.values_list("slug", flat=True))
    duties.bulk_create(duties.model(**duty) for duty in SEEDED if duty["slug"] not in existing)


def remove(apps, schema_editor):
    apps.get_model("duties", "LegalDuty").objects.filter(slug__in=[duty["slug"] for duty in SEEDED]).delete()


class Migration(migrations.Migration):
    dependencies = [("duties", "0001_initial")]

    operations = [migrations.RunPython(add, remove)]
