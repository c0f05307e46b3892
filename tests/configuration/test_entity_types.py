"""
What a file says of each thing is what its screen sets: a field that comes is either there, or left out on purpose.
"""

import pytest

from obole.configuration.rules.entity_types import ENTITY_TYPES, EntityType

LEFT_OUT = {
    "regies": {"gateway_settings"},  # identifies a régie, and may hold a password
    "founding_acts": {"iban"},  # an account
}


@pytest.mark.parametrize("sort", ENTITY_TYPES, ids=lambda sort: sort.section)
def test_every_setting_of_a_thing_is_said(sort: EntityType) -> None:
    meta = sort.model._meta
    settings = {field.name for field in (*meta.fields, *meta.many_to_many) if field.editable and not field.primary_key}
    assert settings - set(sort.fields) == LEFT_OUT.get(sort.section, set())
    assert set(sort.fields) <= settings
    linked = {field.name for field in (*meta.fields, *meta.many_to_many) if field.is_relation} & set(sort.fields)
    assert linked == set(sort.links)
    assert sort.fields[0] == sort.key
