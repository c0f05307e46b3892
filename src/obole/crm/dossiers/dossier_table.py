"""The columns of a list of dossiers."""

import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django_tables2.utils import Accessor

from obole.crm.shared import badges
from obole.crm.shared.columns import MAIN, STATUS, DayColumn
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState


class DossierTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Dossiers."""

    number = tables.Column(
        verbose_name=gettext_lazy("Dossier"),
        accessor="reference",
        attrs=MAIN,
        linkify=("crm:dossier", {"pk": Accessor("pk")}),
        order_by=("number",),
    )
    scheme = tables.Column(verbose_name=gettext_lazy("Dispositif"), accessor="scheme__name", order_by=("scheme_id",))
    citizen = tables.Column(
        verbose_name=gettext_lazy("Usager"),
        accessor="citizen",
        linkify=("crm:citizen", {"pk": Accessor("citizen_id")}),
        order_by=("citizen__sort_key",),
    )
    submitted_at = DayColumn(verbose_name=gettext_lazy("Déposé"), order_by=("submitted_at",), default="")
    agent = tables.Column(
        verbose_name=gettext_lazy("Instructeur"), accessor="agent__name", order_by=("agent_key",), default=""
    )
    state = tables.Column(verbose_name=gettext_lazy("Statut"), attrs=STATUS, order_by=("state", "submitted_at"))

    caption = gettext_lazy("Dossiers")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun dossier ne répond à ces critères.")

    def value_state(self, record: Dossier) -> str:
        """Write the state, for a file."""
        return str(DossierState(record.state).label)

    def render_state(self, record: Dossier) -> SafeString:
        """Draw the state."""
        return badges.dossier_badge(record)
