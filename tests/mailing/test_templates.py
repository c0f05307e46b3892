"""The words that agents write: variables and a few filters, whatever they try."""

import time

import pytest
from hypothesis import given, strategies as st

from obole.mailing import operations as mailing, rules
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from tests.world import NOON, WHO

NAMES = frozenset({"nom", "montant"})
ATTACKS = [
    "{{ nom.__class__ }}",
    "{{ nom.__class__.__mro__ }}",
    "{{ nom['__class__'] }}",
    "{{ inconnu }}",
    "{{ nom | append: 'x' }}",
    "{{ nom | upcase | prepend: 'x' }}",
    "{{ nom | date: '%Y' }}",
    "{{ nom | map: 'x' }}",
    "{% for n in (1..9) %}x{% endfor %}",
    "{% include 'x' %}",
    "{% render 'x' %}",
    "{% assign x = nom %}{{ x }}",
    "{% capture x %}y{% endcapture %}",
    "{% case nom %}{% when 'a' %}{% endcase %}",
    "{% unless nom %}{% endunless %}",
    "{% tablerow n in (1..9) %}{% endtablerow %}",
    "{% liquid assign x = 1 %}",
    "{% cycle 'a' %}",
    "{% increment x %}",
    "{% echo nom %}",
    "{% if nom %}",
    "{{ nom ",
    "{% endif %}",
    "{{ }} {% x %}",
    "{% comment %}x{% endcomment %}",
    "{{ nom | default: autre }}",
    "{% if autre == 1 %}{% endif %}",
    "{% if nom %}ok{% else %}{{ autre }}{% endif %}",
    "{% if nom == 'x' %}{{ nom | append: 'x' }}{% endif %}",
    "{% if nom == 'x' %}{{ nom.__class__ }}{% endif %}",
    "{% layout 'x' %}",
    "{% load static %}",
    "{% block x %}{% endblock %}",
    "{% extends 'x' %}",
    "x" * 6001,
]


@pytest.mark.parametrize("source", ATTACKS, ids=lambda source: source[:40])
def test_an_attack_is_refused_with_a_french_sentence_wherever_it_stands(source: str) -> None:
    for subject, body in ((source, "corps"), ("objet", source)):
        with pytest.raises(rules.BadTemplate) as refusal:
            rules.check(subject, body, NAMES)
        assert str(refusal.value)[0].isupper()
        assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "source",
    [
        "{{ (1..1000000000) }}",
        "{% if (1..10000000000) contains 5 %}x{% endif %}",
        "{% if nom %}" * 500,
        "{% if nom %}" * 400 + "{% endif %}" * 100,
        "{% if " + "(" * 3000 + "nom" + ")" * 2000 + " %}{% endif %}",
        "{{ nom" + "[nom" * 1000 + "]" * 1000 + " }}",
        "{{ " + "-" * 5000 + "1 }}",
        "{% if nom " + "and nom " * 600 + "%}x{% endif %}",
        "{{ nom | upcase" + " | upcase" * 600 + " }}",
        "{% if nom %}" * 240 + "{% endif %}" * 240,
    ],
    ids=lambda source: source[:30],
)
def test_an_excess_costs_nothing(source: str) -> None:
    began = time.monotonic()
    try:
        rendered = rules.render("objet", source, dict.fromkeys(NAMES, "Zoé"))
        assert len(rendered.text) < 20_000
    except rules.BadTemplate as refusal:
        assert str(refusal)
    assert time.monotonic() - began < 2


@given(source=st.text(alphabet="{}%|[]().'\"nom ifenddefault:<>=#-1\n", max_size=120))
def test_any_text_is_a_mail_or_a_sentence(source: str) -> None:
    try:
        rules.render("objet", source, dict.fromkeys(NAMES, "Zoé"))
    except rules.BadTemplate as refusal:
        assert str(refusal)


def test_what_is_allowed_works() -> None:
    body = (
        "Bonjour {{ nom | upcase }}{% if montant %},\n\n\n\nDû : {{ montant }}{% else %}rien{% endif %} {{ vide |"
        " default: '—' }}"
    )
    rendered = rules.render("Pour {{ nom }}", body, {"nom": "Zoé", "montant": "5 €", "vide": ""})
    assert (rendered.subject, rendered.text) == ("Pour Zoé", "Bonjour ZOÉ,\n\nDû : 5 € —")


def test_a_value_is_never_a_template_nor_html() -> None:
    rendered = rules.render("{{ nom }}", "{{ nom }}", {"nom": "{{ montant }}<script>{% if %}&"})
    assert rendered.text == "{{ montant }}<script>{% if %}&"
    assert "&lt;script&gt;" in rendered.html
    assert "<script" not in rendered.html


def test_a_subject_is_one_line_whatever_it_is_made_of() -> None:
    rendered = rules.render("Objet {{ nom }}\r\nBcc: x@y.fr", "x", {"nom": "a\r\nTo: b@c.fr\u2028\x00"})
    assert len(rendered.subject.splitlines()) == 1
    assert len(rules.render("x" * 900, "x", {}).subject) == 250


def test_links_are_links_and_nothing_else_is() -> None:
    html = rules.render("s", 'Voir https://ville.example/a?b=1&c=2. javascript:x "https://x"onclick=1', {}).html
    assert '<a href="https://ville.example/a?b=1&amp;c=2">' in html
    assert html.count("<a ") == 2
    assert 'href="javascript' not in html
    assert '"onclick' not in html


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_words_pass_their_own_check(kind: str) -> None:
    rules.check(KINDS[kind].subject, KINDS[kind].body, KINDS[kind].variables)


@pytest.mark.django_db
def test_words_that_cannot_be_used_leave_those_in_force() -> None:
    def change(body: str) -> None:
        mailing.configure_template(kind="reminder_1", subject="Rappel", body=body, actor=WHO, at=NOON)

    change("Bonjour {{ nom }}")
    with pytest.raises(rules.BadTemplate, match="motif"):
        change("Bonjour {{ motif }}")
    assert Template.objects.get().body == "Bonjour {{ nom }}"
    variables = dict.fromkeys(KINDS["reminder_1"].variables, "Zoé")
    assert mailing.compose("reminder_1", variables).text == "Bonjour Zoé"
