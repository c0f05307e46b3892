"""Files that nothing names go, and no other; what is stored is for one account of the machine alone."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import models

from obole.catalogue.models import FormVersion
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Attachment
from obole.dossiers.uploads import StoredUpload
from obole.lib import dates, files, stored_files
from tests.world import make_dossier, make_town

pytestmark = pytest.mark.django_db
DAYS = 24 * 3600


def kept(content: bytes, *, days: int = 0) -> str:
    """Store a file, as if it had been there for so long."""
    digest = files.put(content)
    then = dates.now().timestamp() - days * DAYS
    os.utime(default_storage.path(f"{digest[:2]}/{digest}"), (then, then))
    return digest


def names(**options: int) -> set[str]:
    older = {"older_than": timedelta(days=options["days"])} if options else {}
    return {orphan.digest for orphan in stored_files.orphans(at=dates.now(), **older)}


def test_a_file_is_for_the_account_that_runs_the_product() -> None:
    digest = files.put(b"secret")
    path = Path(default_storage.path(f"{digest[:2]}/{digest}"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_only_old_files_that_nothing_names_are_removed(capsys: pytest.CaptureFixture[str]) -> None:
    town = make_town()
    attached, drafted, orphan = (kept(name, days=40) for name in (b"attached", b"drafted", b"orphan"))
    young, fresh = kept(b"young", days=3), kept(b"fresh", days=1)
    dossier = make_dossier(town)
    Attachment.objects.create(
        dossier=dossier, field_key="x", name="a.pdf", content_type="application/pdf", size=1, digest=attached,
        added_at=dates.now(),
    )  # fmt: skip
    dossiers.save_draft(
        citizen_id=town.citizen.pk,
        form_id=FormVersion.objects.latest("id").pk,
        typed={},
        files={
            "answer_x": StoredUpload(
                field_key="x", name="a.pdf", content_type="application/pdf", size=1, digest=drafted
            )
        },
        at=dates.now(),
    )
    assert names() == {orphan}
    assert names(days=4) == {orphan} and names(days=0) == {orphan, young}
    call_command("files")
    assert orphan in capsys.readouterr().out and files.get(orphan)
    call_command("files", "--collect")
    assert names(days=0) == {young}
    for digest in (attached, drafted, young, fresh):
        assert files.get(digest)
    with pytest.raises(FileNotFoundError):
        files.get(orphan)


def test_a_file_that_is_sent_again_is_young_again() -> None:
    digest = kept(b"again", days=40)
    assert names() == {digest}
    files.put(b"again")
    assert names() == set()


def test_whatever_names_a_file_is_looked_at() -> None:
    """A column that holds a digest has the word in its name, or is JSON: whoever adds one keeps to that."""
    others = {"request_key", "authorisation", "key"}
    suspect = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("obole.")
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField)
        and field.max_length == 64
        and "digest" not in field.name
        and field.name not in others
    }
    chain = {
        "regies.Entry.hash",
        "regies.Entry.previous_hash",
        "regies.Regie.entry_head",
        "regies.Closing.entry_hash",
        "books.Handover.entry_hash",
    }
    kept_as_proof = {"consumption.AttendanceFile.fingerprint"}
    said_by_the_bank = {"bank_statements.ListedPayment.reference", "bank_statements.ListedPayment.remittance"}
    assert suspect == chain | said_by_the_bank | kept_as_proof
