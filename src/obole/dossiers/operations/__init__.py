"""Every write about dossiers: a citizen applies and completes, an agent reviews."""

from obole.dossiers.operations.applying import (
    Answer,
    Application,
    SchemeClosed,
    complete,
    discard_draft,
    save_draft,
    submit,
    withdraw,
)
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
