"""Transfers of bordereaux, recomputed from their rows."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q

from obole.regies.models import Entry
from obole.remittances.models import Remittance, UndoneTransfer


def differences() -> Iterator[str]:
    """Yield the first entry of each kind that no transfer says, in a sentence."""
    standing = Exists(Remittance.objects.filter(transfer_entry=OuterRef("pk")))
    undone = Exists(UndoneTransfer.objects.filter(Q(entry=OuterRef("pk")) | Q(undone_entry=OuterRef("pk"))))
    causes = ("remittance_transfer", "remittance_transfer_undone")
    alone = Entry.objects.filter(cause_kind__in=causes).exclude(standing).exclude(undone)
    both = UndoneTransfer.objects.filter(Exists(Remittance.objects.filter(transfer_entry=OuterRef("entry"))))
    for wrong, sentence in (
        (alone, "it was booked for a transfer and none says so"),
        (both, "it was undone and its transfer stands"),
    ):
        first = wrong.order_by("pk").first()
        if first is not None:
            yield f"{first._meta.verbose_name} {first.pk}: {sentence}"
