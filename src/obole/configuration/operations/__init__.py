"""Every write that spans the rooms of the configuration."""

from obole.configuration.operations.copy_scheme import copy_scheme
from obole.configuration.operations.import_file import ConfigurationMoved, import_file
