"""Every write that spans the rooms of the configuration."""

from obole.configuration.operations.copying import copy_scheme as copy_scheme
from obole.configuration.operations.importing import ConfigurationMoved as ConfigurationMoved
from obole.configuration.operations.importing import import_file as import_file
