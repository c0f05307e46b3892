"""
Transmissions to the comptable public, their invoices, what payers contest, what is left in peace, what was agreed with
payers, and the files in PES V2.
"""

from obole.recovery.models.agreements import Agreement, Instalment, InstalmentNotice
from obole.recovery.models.disputes import Dispute
from obole.recovery.models.holds import Hold
from obole.recovery.models.pes import PesContent, PesFile, PesPiece, PesSettings
from obole.recovery.models.transmissions import Obstacle, Transmission, TransmissionLine
