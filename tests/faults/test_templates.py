"""Words that try to be a program, wherever somebody may write: refused with a sentence, or printed as they are: F91."""

import io
import re

import pypdf
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from obole.billing import operations as billing, pdf_documents
from obole.billing.models import Invoice, InvoiceType
from obole.billing.rules import reminder_plan
from obole.mailing import operations as mailing, queries, rules
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from tests.faults.steps import RED
from tests.world import NOON, WHO, Town, later, make_invoice, make_type

REFUSED = [
    "{{ invoice.__class__ }}",
    "{{ nom.__class__.__mro__ }}",
    "{{ nom.__init__.__globals__ }}",
    "{{ nom['__class__'] }}",
    "{{ nom | attr: '__class__' }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self._TemplateReference__context }}",
    "{{ request.user.password }}",
    "{{ settings.SECRET_KEY }}",
    "{{ messages.storages.0.signer.key }}",
    "{{ config }}",
    "{{ 7*7 }}",
    "{{ range(999999999) }}",
    "{% include '/etc/passwd' %}",
    "{% include 'crm/shared/base.html' %}",
    "{% extends 'ui/base.html' %}",
    "{% load static %}",
    "{% debug %}",
    "{% csrf_token %}",
    "{% url 'crm:home' %}",
    "{% autoescape off %}{{ nom }}{% endautoescape %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with x=nom %}{{ x }}{% endwith %}",
    "{% for x in nom %}{{ x }}{% endfor %}",
    "{% set x = nom %}{{ x }}",
    "{% import 'os' as os %}",
    "{% macro x() %}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% comment %}{% endcomment %}",
    "{% render 'x' %}",
    "{% if nom.__class__ %}x{% endif %}",
]
"""What Liquid, Django's templates and Jinja would run."""
PRINTED = [
    "{event.__init__.__globals__}",
    "{0.__class__}",
    "{invoice.payer!r:>30}",
    "%(password)s %s %d",
    "${7*7} $x$ $(id)",
    "#{7*7}",
    "<%= 7*7 %>",
    "[[${7*7}]]",
    "`id`",
    "<script>alert(1)</script>",
    '#set text(size: 1pt) #include "/etc/passwd" #read("/etc/passwd")',
    "\\input{/etc/passwd}",
]
"""What other languages of templates would run, and ours does not know: letters like any others."""
NAMES = frozenset({"nom", "reste_du"})


@pytest.mark.parametrize("source", REFUSED)
def test_f91_what_walks_out_of_its_variables_is_refused_in_every_mail(source: str) -> None:
    for subject, body in ((source, "x"), ("x", source), ("x", f"Bonjour {{{{ nom }}}}, {source}")):
        with pytest.raises(rules.BadTemplate) as refusal:
            rules.check(subject, body, NAMES)
        assert settings.SECRET_KEY not in str(refusal.value)


@pytest.mark.parametrize("source", PRINTED)
def test_f91_what_means_nothing_to_us_is_written_as_it_is(source: str) -> None:
    rules.check(source, source, NAMES)
    rendered = rules.render(source, source, {})
    assert (rendered.subject, rendered.text) == (source, source)
    assert "<script" not in rendered.html


def test_f91_what_is_said_to_be_raw_is_letters() -> None:
    assert rules.render("x", "{% raw %}{{ nom.__class__ }}{% endraw %}", {"nom": "Zoé"}).text == "{{ nom.__class__ }}"


@pytest.mark.parametrize("value", [*REFUSED, *PRINTED])
def test_f91_a_value_is_never_read_as_a_template(value: str) -> None:
    """What a citizen types (a name, an answer) goes in last, and is looked at by nobody."""
    body = "{{ nom | upcase | downcase }}{% if nom == nom %}{{ nom }}{% endif %}"
    assert rules.render("{{ nom }}", body, {"nom": value}).text == f"{value.lower()}{value}"


@pytest.mark.django_db
@pytest.mark.parametrize("source", REFUSED)
def test_f91_nothing_of_it_is_kept_by_any_way_in(town: Town, source: str) -> None:
    for kind in ("invoice_deposited", "reminder_1"):
        with pytest.raises(rules.BadTemplate):
            mailing.configure_template(kind=kind, subject="x", body=source, actor=WHO, at=NOON)
    steps = reminder_plan.as_kept([reminder_plan.Step(7, "x", source)])
    with pytest.raises((ValidationError, rules.BadTemplate)):
        make_type(town.regie, [town.scheme], name="Autre", reminder_steps=steps)
    assert not Template.objects.exists()
    assert not InvoiceType.objects.filter(name="Autre").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("source", REFUSED)
def test_f91_what_came_in_all_the_same_is_not_run_and_undoes_nothing(
    town: Town, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A restored backup, a hand in the database: the invoice is issued, with the words that are known to be good."""
    Template.objects.create(kind="invoice_deposited", subject=source, body=source)
    variables = dict.fromkeys(KINDS["invoice_deposited"].variables, "Zoé")
    own = queries.TemplateTexts(source, source)
    rendered = mailing.compose("invoice_deposited", variables, own=own)
    assert rendered == rules.render(KINDS["invoice_deposited"].subject, KINDS["invoice_deposited"].body, variables)
    assert "cannot be filled" in caplog.text


def printed(town: Town, words: str) -> str:
    """Return what the PDF of an invoice says whose type de facture has these words everywhere."""
    texts = ("heading", "introduction", "closing", "payment_instructions", "legal_mentions")
    values = {name: words[:120] if name == "heading" else words for name in texts}
    billing.configure_type(
        type_id=town.type.pk,
        values={"name": town.type.name, "regie": town.regie, "schemes": [town.scheme], "payment_term": 20, **values},
        actor=WHO,
        at=NOON,
    )
    invoice = Invoice.objects.get(pk=make_invoice(town).pk)
    content = pdf_documents.read_pdf(pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=later(1)))
    return "".join("".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.mark.django_db
def test_f91_a_document_prints_them_as_they_are(town: Town) -> None:
    every = [*REFUSED, *PRINTED]
    said = printed(town, "\n".join(every))
    assert [source for source in every if "".join(source.split()) not in said] == []
    # A number that holds 49, as that of a dossier, is not what seven times seven prints.
    assert "root:" not in said and not re.search(r"(?<!\d)49(?!\d)", said)


def test_neg_f91_without_the_leash_a_walk_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_check_every_branch", lambda source, variables: None)
    with pytest.raises((*RED, pytest.fail.Exception)):
        test_f91_what_walks_out_of_its_variables_is_refused_in_every_mail(
            "{% if nom == 'z' %}{{ nom.__class__ }}{% endif %}"
        )
