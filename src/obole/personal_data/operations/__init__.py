"""Every write about what is known of people: how long it is kept, how they are forgotten, how two files become one."""

from obole.personal_data.operations.forgetting import (
    MustBeKept,
    configure_retention,
    forget_citizen,
    leave_account,
    purge,
)
from obole.personal_data.operations.merging import MergeRefused, merge_citizens
