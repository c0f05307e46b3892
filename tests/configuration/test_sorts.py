"""What a file says of each thing is what its screen sets: a field that comes is either there, or left out on purpose."""

import pytest

from obole.configuration.rules.sorts import PRODUCTS, SORTS, Sort

LEFT_OUT = {
    "regies": {"gateway_settings"},  # identifies a régie, and may hold a password
    "products": {"scheme"},  # written below its dispositif
}


@pytest.mark.parametrize("sort", [*SORTS, PRODUCTS], ids=lambda sort: sort.section)
def test_every_setting_of_a_thing_is_said(sort: Sort) -> None:
    meta = sort.model._meta
    settings = {one.name for one in (*meta.fields, *meta.many_to_many) if one.editable and not one.primary_key}
    assert settings - set(sort.fields) == LEFT_OUT.get(sort.section, set())
    assert set(sort.fields) <= settings
    linked = {one.name for one in (*meta.fields, *meta.many_to_many) if one.is_relation} & set(sort.fields)
    assert linked == set(sort.links)
    assert sort.fields[0] == sort.key
