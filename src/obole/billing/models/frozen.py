"""What stays as it was in rows that name a payer: all, but for the payer when two files of one person are merged."""

import pgtrigger

_FREE = ("payer_id", "payer_key", "standing", "due_cents")
"""The payer, their name to sort by, and what the database computes once this trigger has run."""
_REFUSE = """
    -- The town said that both files are one person's, and keeps that it did: see directory_citizen.
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(OLD) - {free} = to_jsonb(NEW) - {free} AND EXISTS (
            SELECT 1 FROM directory_citizen WHERE id = OLD.payer_id AND merged_into_id = NEW.payer_id
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;
"""


def protect_but_for_a_merge(
    *, name: str, operation: pgtrigger.Operation, condition: pgtrigger.Condition | None = None
) -> pgtrigger.Trigger:
    """
    Return what refuses these operations, as ``pgtrigger.Protect``, unless a merge of files changes the payer alone.

    :param condition: what makes an operation one to refuse; none: each of them.
    """
    return pgtrigger.Trigger(
        name=name,
        operation=operation,
        when=pgtrigger.Before,
        condition=condition,
        func=_REFUSE.format(free=f"ARRAY{list(_FREE)}"),
    )
