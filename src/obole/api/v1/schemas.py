"""What is sent and answered, field by field: the published description is made of this."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from obole.consumption.rules.calls import Outcome

MOST_FACTS = 1000
LONGEST_PAGE = 500

DossierNumber = Annotated[str, Field(min_length=1, max_length=20, examples=["DOS-000012"])]
Row = Annotated[StrictInt, Field(ge=0, le=32_767)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
State = Literal["submitted", "in_review", "incomplete", "accepted", "rejected", "withdrawn", "closed"]
KeyName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
SchemeId = Annotated[str, Field(max_length=22, pattern=r"^[A-Za-z0-9_-]+$")]
Limit = Annotated[int, Field(ge=1, le=LONGEST_PAGE)]
Cursor = Annotated[int, Field(ge=0, lt=2**63)]


class Strict(Schema):
    """What is sent: a field that does not exist is told."""

    model_config = ConfigDict(extra="forbid")


class FactIn(Strict):
    """Une quantité d’un jour."""

    dossier: DossierNumber
    beneficiary: Row | Name | None = Field(
        None, description="Rang du bénéficiaire dans le dossier (dès 0) ou son nom, ou rien s’il n’y en a qu’un."
    )
    question: Annotated[str, Field(min_length=1, max_length=60, description="Ce qui est compté, par sa clé.")]
    day: date
    quantity: StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=20)]


class CallIn(Strict):
    """Des quantités, envoyées ensemble."""

    facts: Annotated[list[FactIn], Field(min_length=1, max_length=MOST_FACTS)]
    closed_days: StrictBool = Field(False, description="Compter aussi les dimanches et les jours fériés.")


class WrongFieldOut(Schema):
    """Un champ à corriger."""

    field: str
    detail: str


class ProblemOut(Schema):
    """Un refus (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongFieldOut] | None = None


READING_REFUSALS = {frozenset({401, 403, 404, 422, 429, 500, 503}): ProblemOut}
WRITING_REFUSALS = {frozenset({400, 401, 403, 409, 413, 422, 429, 500, 503}): ProblemOut}


class OutcomeOut(Schema):
    """Ce qu’une quantité est devenue."""

    index: int
    outcome: Literal["written", "corrected", "known", "refused"]
    code: str | None = Field(None, description="Pourquoi elle est refusée.", examples=[Outcome.UNKNOWN_DOSSIER.value])
    detail: str | None = None


class CallOut(Schema):
    """Ce que les quantités d’un appel sont devenues, dans leur ordre."""

    written: int
    corrected: int
    known: int
    refused: int
    facts: list[OutcomeOut]


class FactOut(Schema):
    """Une quantité qui compte."""

    dossier: str
    beneficiary: int | None
    question: str
    day: date
    quantity: str
    recorded_at: datetime


class FactsOut(Schema):
    """Une page de quantités ; ``next`` se donne à ``cursor`` pour la suivante."""

    facts: list[FactOut]
    next: int | None


class QuestionOut(Schema):
    """Ce qui se compte."""

    key: str
    label: str
    group: str | None = Field(
        description="Compté pour chaque bénéficiaire du groupe, ou pour le dossier s’il n’y en a pas."
    )
    decimals: int
    most: str = Field(description="Ce qu’un jour peut compter au plus.")


class BeneficiaryOut(Schema):
    """Pour qui cela se compte."""

    group: str
    index: int
    name: str


class SchemeOut(Schema):
    """Un dispositif."""

    id: str
    name: str


class SchemeQuestionsOut(SchemeOut):
    """Un dispositif, et ce qui s’y compte jour par jour."""

    service: str
    questions: list[QuestionOut]


class SchemesOut(Schema):
    """Les dispositifs des prestations de la clé."""

    schemes: list[SchemeQuestionsOut]


class DossierOut(Schema):
    """Un dossier, ce qui s’y compte et pour qui."""

    number: str
    scheme: SchemeOut
    state: State
    is_open: bool = Field(description="S’il s’y compte encore quelque chose.")
    beneficiaries: list[BeneficiaryOut]
    questions: list[QuestionOut]


class DossiersOut(Schema):
    """Une page de dossiers ; ``next`` se donne à ``cursor`` pour la suivante."""

    dossiers: list[DossierOut]
    next: int | None
