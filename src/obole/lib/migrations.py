"""What migrations of several rooms share."""

from typing import Any

from django.db import migrations

READ = """
    CREATE OR REPLACE FUNCTION pg_temp.actor_of(kept text) RETURNS jsonb LANGUAGE sql STABLE AS $$
        SELECT jsonb_build_object('id', COALESCE(
            CASE
                WHEN kept IN ('worker', 'échéancier') THEN 'worker'
                WHEN kept IN ('operator', 'obole configuration') THEN 'operator'
                WHEN kept = 'return' THEN 'return'
                WHEN kept IN ('payfip', 'sandbox') THEN 'gateway:' || kept
            END,
            (SELECT 'agent:' || agent.id FROM directory_agent agent JOIN directory_user account
                ON account.id = agent.user_id WHERE account.email = lower(kept)),
            (SELECT 'citizen:' || citizen.id FROM directory_citizen citizen JOIN directory_user account
                ON account.id = citizen.user_id WHERE account.email = lower(kept)),
            'unknown:' || kept
        ), 'name', kept) WHERE kept <> ''
    $$
"""
ALTER = """
    ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;
    ALTER TABLE {table} ALTER COLUMN {column} TYPE jsonb USING pg_temp.actor_of({column}::text)
"""


class TextToActor(migrations.AlterField):
    """
    Make an ``ActorField`` of a text: an address becomes the agent or the citizen who has it today, and stays the name.

    What nobody has today is kept as ``unknown:…``: no text is lost, and none is taken for a person. A change of type
    fires no trigger, so that rows which only grow migrate too.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run it in one statement a column."""
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        quote = schema_editor.quote_name
        schema_editor.execute(READ)
        for statement in ALTER.format(table=quote(model._meta.db_table), column=quote(field.column)).split(";"):
            schema_editor.execute(statement)
        if not field.null:
            schema_editor.execute(
                f"ALTER TABLE {quote(model._meta.db_table)} ALTER COLUMN {quote(field.column)} SET NOT NULL"
            )
