"""A type de facture says no amount any more: ``0003_simplest_pricings`` made pricings of them."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_simplest_pricings'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='invoicetype',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='invoicetype',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='invoicetype',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='invoicetype',
            name='invoice_type_mode_known',
        ),
        migrations.RemoveConstraint(
            model_name='invoicetype',
            name='invoice_type_fixed_amount',
        ),
        migrations.RemoveField(
            model_name='invoicetype',
            name='amount_mode',
        ),
        migrations.RemoveField(
            model_name='invoicetype',
            name='fixed_cents',
        ),
        migrations.RemoveField(
            model_name='invoicetype',
            name='fixed_label',
        ),
        migrations.RemoveField(
            model_name='invoicetypeevent',
            name='amount_mode',
        ),
        migrations.RemoveField(
            model_name='invoicetypeevent',
            name='fixed_cents',
        ),
        migrations.RemoveField(
            model_name='invoicetypeevent',
            name='fixed_label',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetype',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "billing_invoicetypeevent" ("accepts_cesu", "closing", "colour", "enabled", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention") VALUES (NEW."accepts_cesu", NEW."closing", NEW."colour", NEW."enabled", NEW."heading", NEW."id", NEW."introduction", NEW."legal_mentions", NEW."logo_digest", NEW."logo_format", NEW."name", NEW."nature", NEW."payment_instructions", NEW."payment_term", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."regie_id", NEW."reminder_body", NEW."reminder_delays", NEW."reminder_subject", NEW."vat_mention"); RETURN NULL;', hash='aabfc27e456aa60eef7adebb7b08f7ca83d01c62', operation='INSERT', pgid='pgtrigger_insert_insert_be7c8', table='billing_invoicetype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetype',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "billing_invoicetypeevent" ("accepts_cesu", "closing", "colour", "enabled", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention") VALUES (NEW."accepts_cesu", NEW."closing", NEW."colour", NEW."enabled", NEW."heading", NEW."id", NEW."introduction", NEW."legal_mentions", NEW."logo_digest", NEW."logo_format", NEW."name", NEW."nature", NEW."payment_instructions", NEW."payment_term", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."regie_id", NEW."reminder_body", NEW."reminder_delays", NEW."reminder_subject", NEW."vat_mention"); RETURN NULL;', hash='0070bf9ebe879832cb8694ddc68701fd0060767a', operation='UPDATE', pgid='pgtrigger_update_update_5cf3c', table='billing_invoicetype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetype',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "billing_invoicetypeevent" ("accepts_cesu", "closing", "colour", "enabled", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention") VALUES (OLD."accepts_cesu", OLD."closing", OLD."colour", OLD."enabled", OLD."heading", OLD."id", OLD."introduction", OLD."legal_mentions", OLD."logo_digest", OLD."logo_format", OLD."name", OLD."nature", OLD."payment_instructions", OLD."payment_term", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."regie_id", OLD."reminder_body", OLD."reminder_delays", OLD."reminder_subject", OLD."vat_mention"); RETURN NULL;', hash='3987969ae6200e7a91655735b369a5b0ecb632bb', operation='DELETE', pgid='pgtrigger_delete_delete_1f4af', table='billing_invoicetype', when='AFTER')),
        ),
    ]
