"""
The pricing engine of dispositifs: pure calculation, no database, no clock, no float.

An administrator's settings are ``parts.Pricing`` (with ``tariffs`` and ``formulas``), kept as JSON by ``codec``, checked by
``checking``, compiled once by ``engine.compile_pricing``, and then priced as often as wanted; ``wording`` says why.
"""

from obole.catalogue.rules.checking import check as check
from obole.catalogue.rules.codec import as_dict as as_dict
from obole.catalogue.rules.codec import parse as parse
from obole.catalogue.rules.codec import parse_part as parse_part
from obole.catalogue.rules.codec import parse_result as parse_result
from obole.catalogue.rules.differing import Difference as Difference
from obole.catalogue.rules.differing import differ as differ
from obole.catalogue.rules.engine import Compiled as Compiled
from obole.catalogue.rules.engine import compile_pricing as compile_pricing
from obole.catalogue.rules.parts import Pricing as Pricing
from obole.catalogue.rules.problems import Problem as Problem
from obole.catalogue.rules.problems import Refused as Refused
from obole.catalogue.rules.results import Result as Result
from obole.catalogue.rules.sharing import Part as Part
from obole.catalogue.rules.sharing import PartKind as PartKind
from obole.catalogue.rules.sharing import share as share
