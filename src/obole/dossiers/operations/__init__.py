"""Every write about dossiers: a citizen applies and completes, an agent reviews."""

from obole.dossiers.operations.applying import (
    Answer,
    ApplicantDeceased,
    Application,
    SchemeClosed,
    complete,
    complete_for,
    discard_draft,
    save_draft,
    submit,
    submit_for,
    withdraw,
)
from obole.dossiers.operations.dating import BadChange, Change, date_answer
from obole.dossiers.operations.reviewing import (
    CannotReview,
    DossierEnded,
    EmptyNote,
    accept,
    answer_as_agent,
    ask_complement,
    assign,
    close,
    give_back,
    note,
    reconsider,
    reject,
    release_of,
    reopen,
    take,
)
