"""Transmissions to the comptable public, their invoices, what payers contest, and the files in PES V2."""

from obole.recovery.models.disputes import Dispute
from obole.recovery.models.pes import PesContent, PesFile, PesPiece, PesSettings
from obole.recovery.models.transmissions import Obstacle, Transmission, TransmissionLine
