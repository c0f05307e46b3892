"""Transmissions to the comptable public, their invoices, and what payers contest."""

from obole.recovery.models.disputes import Dispute
from obole.recovery.models.transmissions import Obstacle, Transmission, TransmissionLine
