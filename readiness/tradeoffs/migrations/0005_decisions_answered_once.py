import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tradeoffs", "0004_portfolios"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF OLD.answered_by_id IS NOT NULL AND (OLD.answered_by_id, OLD.answered_at) IS DISTINCT FROM (NEW.answered_by_id, NEW.answered_at) THEN RAISE EXCEPTION 'Who answered stays as it was written.' USING ERRCODE = 'check_violation', CONSTRAINT = 'tradeoffs_decision_signed_once', TABLE = 'tradeoffs_decision'; END IF; RETURN NEW;",
                    hash="335899b803c4d26d91a495508d5f541084555b49",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_once_e3b9b",
                    table="tradeoffs_decision",
                    when="BEFORE",
                ),
            ),
        ),
    ]
