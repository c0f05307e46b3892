"""The mails that tell a citizen where an application stands."""

from datetime import datetime

from django.conf import settings

from obole.directory import queries as directory
from obole.dossiers.models import Dossier
from obole.mailing import operations as mailing


def send(kind: str, dossier: Dossier, *, at: datetime) -> None:
    """Queue one notice, in the transaction that decides it; a citizen without an e-mail gets none."""
    citizen = dossier.citizen
    if not citizen.email:
        return
    authority = directory.the_authority()
    variables = {
        "nom": citizen.display_name,
        **authority.variables(),
        "reference": dossier.reference,
        "dispositif": dossier.scheme.name,
        "url": f"{settings.BASE_URL}/mes-demarches/{dossier.public_id}/",
        "motif": dossier.reason,
    }
    wanted = {name: variables[name] for name in mailing.KINDS[kind].variables}
    cause = f"{kind}:{dossier.pk}:{at.isoformat()}"
    words = mailing.compose(kind, wanted, language=citizen.language)
    letter = mailing.Email(cause=cause, kind=kind, to=citizen.email, rendered=words, about=dossier)
    mailing.queue(letter, at=at)
