"""How the configuration is read: as it is, as a file says it, and what a file would change."""

from obole.configuration.queries.planning import Plan as Plan
from obole.configuration.queries.planning import plan as plan
from obole.configuration.queries.snapshot import CannotExport as CannotExport
from obole.configuration.queries.snapshot import Snapshot as Snapshot
from obole.configuration.queries.snapshot import everything as everything
from obole.configuration.queries.snapshot import of_scheme as of_scheme
from obole.configuration.queries.snapshot import of_type as of_type
from obole.configuration.queries.snapshot import take as take
