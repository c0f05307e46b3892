"""How the configuration is read: as it is, as a file says it, and what a file would change."""

from obole.configuration.queries.import_plan import Plan, plan
from obole.configuration.queries.snapshot import (
    Snapshot,
    everything_as_dict,
    scheme_as_dict,
    take_snapshot,
    type_as_dict,
)
