"""Letters were of reminders alone: they go to the room of what they are about, with their batches and papers."""

import django.db.models.deletion
from django.db import migrations, models

MOVE = """
    INSERT INTO billing_letterbatch (id, regie_id, made_at, made_by, count, posted_at, posted_by)
        SELECT id, regie_id, made_at, made_by, count, posted_at, posted_by FROM reminders_letterbatch;
    INSERT INTO billing_letter (id, invoice_id, kind, subject, text, written_at, batch_id, dropped_at)
        SELECT letter.id, invoice_id, 'reminder', subject, text, decided_at, batch_id, letter.dropped_at
        FROM reminders_letter letter JOIN reminders_reminder reminder ON reminder.id = reminder_id;
    INSERT INTO billing_letterbatchpdf (id, batch_id, digest, size, rendered_at)
        SELECT id, batch_id, digest, size, rendered_at FROM reminders_letterbatchpdf;
    UPDATE reminders_reminder SET letter_id = letter.id FROM reminders_letter letter
        WHERE letter.reminder_id = reminders_reminder.id;
    SELECT setval(pg_get_serial_sequence('billing_' || name, 'id'), last)
    FROM (
        SELECT 'letterbatch', max(id) FROM billing_letterbatch
        UNION ALL SELECT 'letter', max(id) FROM billing_letter
        UNION ALL SELECT 'letterbatchpdf', max(id) FROM billing_letterbatchpdf
    ) AS kept (name, last)
    WHERE last IS NOT NULL;
    SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0011_letters'),
        ('mailing', '0002_sortable_mails'),
        ('reminders', '0004_dropped'),
    ]

    operations = [
        migrations.AddField(
            model_name='reminder',
            name='letter',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.letter'),
        ),
        migrations.RunSQL(MOVE),
        migrations.DeleteModel(
            name='LetterBatchPdf',
        ),
        migrations.DeleteModel(
            name='Letter',
        ),
        migrations.DeleteModel(
            name='LetterBatch',
        ),
        migrations.AlterField(
            model_name='reminder',
            name='letter',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reminder', to='billing.letter'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('letter__isnull', False), ('message', None)), models.Q(('letter', None), ('message__isnull', False)), _connector='OR'), name='reminder_by_mail_or_on_paper'),
        ),
    ]
