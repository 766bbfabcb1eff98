"""A claim row for each site that a write to the inventory touched."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_hold_sites")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="accelerator",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM new_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="51a472b34574cd088b2975506ae71329e7c34037",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_eb591",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_accelerator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accelerator",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id UNION SELECT device.site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="3118f5ca181403871e81a9142b71f11846b9b8fc",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_96dd9",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_accelerator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="accelerator",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM old_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="c67f589d8edd5fdcd85c4ffa63fccd17ffa0f091",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_09518",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_accelerator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicetype",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed JOIN inventory_device AS device ON device.device_type_id = changed.id UNION SELECT device.site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed JOIN inventory_accelerator AS accelerator ON accelerator.device_type_id = changed.id JOIN inventory_device AS device ON device.id = accelerator.device_id UNION SELECT device.site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed JOIN inventory_device AS device ON device.device_type_id = changed.id UNION SELECT device.site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed JOIN inventory_accelerator AS accelerator ON accelerator.device_type_id = changed.id JOIN inventory_device AS device ON device.id = accelerator.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="a7755055e8b45ddea24d9d736d3d29697798e047",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_f6766",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_devicetype",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="port",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM new_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="37339a996afbe4af35cea6c39013cb5ebdb9ed3a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_863f5",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_port",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="port",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id UNION SELECT device.site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="ca19084d9393dc15eaeebfe845f7460baef5cd07",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_e92f7",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_port",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="port",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT device.site_id FROM (SELECT * FROM old_values) AS changed JOIN inventory_device AS device ON device.id = changed.device_id) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="691e198b18c95d6687a9323f945064518093f5e7",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_d5504",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_port",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT id FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="b8784b825215cd621165345a7a086391db0c746d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_4c329",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_site",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="5f87c69a28922166c9ec22887643775224f33dae",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_e8ae5",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_site",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="site",
            trigger=pgtrigger.compiler.Trigger(
                name="forget_claims",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="DELETE FROM inventory_sitechange WHERE site_id IN (SELECT id FROM old_values); RETURN NULL;",
                    hash="25cdfbd72ddd88537aa05f64658d8a8dab5fa8a9",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_forget_claims_28d64",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_site",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rack",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="41e005fcdf37a4dab8d53da97edb2de73d68eaf6",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_be88e",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_rack",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rack",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="64b03e8107d56a537fdd1ab0fd546a718cd1063b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_e8ce1",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_rack",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rack",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="c9ca3b651e961ac9d70fd0f03cccdfefde54e3e2",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_db4dd",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_rack",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="powerfeed",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="d0aa7b6d2fef43e2f3ea61fb57d631082ced4490",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_b58ff",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_powerfeed",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="powerfeed",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="8b71c17ef4d919f0a7ebce72a776d8951b3b8ace",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_a9710",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_powerfeed",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="powerfeed",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="4d0ba1a20305c64884ea895667486bb8a2eaab10",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_f5a38",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_powerfeed",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="link",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT unnest(ARRAY[site_a_id, site_b_id]) FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="451b63f6d91994b8606ff63fc78f9a0d48dda231",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_c180f",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_link",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="link",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT unnest(ARRAY[site_a_id, site_b_id]) FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT unnest(ARRAY[site_a_id, site_b_id]) FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="5355218673bcdab26cc7e88871023b345e5e357b",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_b94f7",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_link",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="link",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT unnest(ARRAY[site_a_id, site_b_id]) FROM (SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="fe8c40aca35d0b05958237a2ec4657b1b16d8917",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_48b6c",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_link",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="device",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="3b3123848d8028cbf8ecd203c0086c59c2fcc323",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_5ace2",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_device",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="device",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="60ada1985399a5dd3d1b9c4b11d14503c1ab8e44",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_0c853",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_device",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="device",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="bdd9e84fd018216a48a19cbbe0edd264be7e44d2",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_a621f",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_device",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coolingunit",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="dcb1e961fb6a49f627bd4ebb2ca05cc197927190",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_4dcbd",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_coolingunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coolingunit",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="817f35d464acbcfd476a0a71e4a7fd93e06a7c28",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_6b49a",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_coolingunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coolingunit",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="1b55b73020772b854e21d69f09aa23e694ffb606",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_fc0c2",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_coolingunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capacityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM new_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="62003869511c1395f23bbc03908b890e39ada0f4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_claim_insert_afbb9",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="inventory_capacityevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capacityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values EXCEPT SELECT * FROM new_values) AS changed UNION SELECT site_id FROM (SELECT * FROM new_values EXCEPT SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="2ec7db7126b1d906259c3fa964280b9a3d470ffc",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_claim_update_bd324",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="inventory_capacityevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="capacityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="claim_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO inventory_sitechange (site_id, origin) SELECT DISTINCT touched.site_id, 'inventory' FROM (SELECT site_id FROM (SELECT * FROM old_values) AS changed) AS touched (site_id) ORDER BY 1; RETURN NULL;",
                    hash="1230cd052dcaed6cf2fc556ede04fe79123ceef2",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_claim_delete_ceea9",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="inventory_capacityevent",
                    when="AFTER",
                ),
            ),
        ),
    ]
