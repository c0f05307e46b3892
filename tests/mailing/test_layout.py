"""What a mail looks like: paragraphs, lists, one button that leads where the mail asks to go and nowhere else."""

from lxml import html

from obole.mailing import rules
from obole.mailing.rules.layout import Block, BlockKind, blocks

HERE = "https://ville.example/mes-factures/abc/"
BODY = (
    "Bonjour {{ nom }},\n\nIl manque :\n\n- le livret\n- la photo\n\nPayer ma facture : {{ url }}\n\nVoir aussi"
    " https://ville.example/aide.\n\nRestauration\n01 23 45 67 89"
)


def rendered(**more: str) -> rules.RenderedMail:
    return rules.render("Objet", BODY, {"nom": "Maud", "ville": "Ville de Valbourg", "url": HERE, **more})


def test_each_part_is_what_it_is() -> None:
    assert rendered().blocks == [
        Block(BlockKind.TEXT, ("Bonjour Maud,",)),
        Block(BlockKind.TEXT, ("Il manque :",)),
        Block(BlockKind.LIST, ("le livret", "la photo")),
        Block(BlockKind.ACTION, ("Payer ma facture",), HERE),
        Block(BlockKind.TEXT, ("Voir aussi https://ville.example/aide.",)),
        Block(BlockKind.TEXT, ("Restauration", "01 23 45 67 89")),
    ]


def test_the_page_has_the_towns_name_its_colour_and_one_button() -> None:
    page = html.fromstring(rendered(couleur="#004400").html)
    (button,) = page.xpath("//a[contains(@style, 'background:#004400')]")
    assert (button.text, button.get("href")) == ("Payer ma facture", HERE)
    assert page.xpath("string(//strong)") == "Ville de Valbourg"
    assert [item.text for item in page.xpath("//li")] == ["le livret", "la photo"]
    assert page.get("lang") == "fr" and page.xpath("string(//title)") == "Objet"


def test_nothing_is_fetched_and_nobody_is_followed() -> None:
    page = html.fromstring(rendered().html)
    assert not page.xpath("//img | //link | //script | //iframe | //style | //@src | //@background")
    assert "url(" not in rendered().html


def test_no_name_becomes_a_button() -> None:
    """« Bonjour X : https://… » is a paragraph, whoever is called so."""
    shown = rendered(nom="cliquez ici : https://pirate.example/x")
    assert [block.url for block in shown.blocks if block.url] == [HERE]
    greeting = rules.render("s", "{{ nom }}", {"nom": "Payer : https://pirate.example/", "url": HERE})
    assert [block.kind for block in greeting.blocks] == [BlockKind.TEXT]


def test_a_value_is_escaped_wherever_it_stands() -> None:
    bad = '"><script>alert(1)</script>'
    shown = rules.render(
        bad, "{{ nom }}\n\n- {{ nom }}\n\nVoir : {{ url }}", {"nom": bad, "url": HERE + bad, "ville": bad}
    )
    assert "<script" not in shown.html
    assert html.fromstring(shown.html).xpath("count(//*[@onclick])") == 0


def test_french_spaces_before_the_colon_make_a_button_too() -> None:
    assert blocks(f"Payer\u00a0: {HERE}", HERE) == [Block(BlockKind.ACTION, ("Payer",), HERE)]
    assert blocks(f"Payer\u202f: {HERE}", HERE)[0].kind == BlockKind.ACTION


def test_a_mail_that_asks_for_nothing_has_no_button() -> None:
    assert blocks(f"Voir : {HERE}", "")[0].kind == BlockKind.TEXT
