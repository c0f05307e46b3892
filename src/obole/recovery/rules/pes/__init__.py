"""PES V2, recette aller, ORMC: what a rôle holds as plain values, what is wrong with it, and its XML. Pure."""

from obole.recovery.rules.pes.checking import Place, Problem, problems_of
from obole.recovery.rules.pes.debtors import Payer, debtor_of
from obole.recovery.rules.pes.flow import MOST_PIECES, Address, Debtor, Edition, Flow, Line, Piece, exercice_of
from obole.recovery.rules.pes.writing import write
