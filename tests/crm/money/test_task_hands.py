"""« À traiter », shared out: a task is given to who acts for its régie, one by one or many; mails are sent again."""

import pytest
from django.test import Client
from lxml import html

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.directory.models import Agent
from obole.directory.rules import NotAllowed, Profile
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Anomaly
from obole.regies import operations as regies
from tests.crm.desk import browser, get, rows_of, text_of, url
from tests.crm.money.test_anomalies import undelivered, unmatched
from tests.world import WHO, Town, later, make_agent, make_invoice, make_regie, run_tasks

pytestmark = pytest.mark.django_db


def mandataire(town: Town, *, of: str = "ours") -> Agent:
    agent = make_agent(Profile.REGISSEUR, email=f"{of}@example.org")
    regie = town.regie if of == "ours" else make_regie("AUT", "Autre")
    agents = [agent.pk, town.regisseur.pk] if of == "ours" else [agent.pk]
    regies.give_mandates(regie_id=regie.pk, agent_ids=agents, actor=WHO, at=later())
    return agent


def waits(town: Town) -> Anomaly:
    return Anomaly.objects.get(receipt=unmatched(town))


def give(task: Anomaly, agent: Agent | None, *, by: Agent) -> Anomaly:
    chosen = agent.pk if agent else None
    return payments.assign_anomaly(anomaly_id=task.pk, agent_id=chosen, actor=by.actor, at=later(20))


def given() -> int:
    return Record.objects.filter(verb="anomaly.assign").count()


def test_a_task_is_given_and_given_back_and_twice_is_once(town: Town) -> None:
    task, colleague = waits(town), mandataire(town)
    for _click in range(2):
        assert give(task, colleague, by=town.regisseur).assignee == colleague
    assert given() == 1
    assert give(task, None, by=colleague).assignee is None
    assert list(
        Record.objects.filter(verb="anomaly.assign").order_by("id").values_list("details__after", flat=True)
    ) == [colleague.name, ""]


def test_only_who_acts_for_the_regie_gives_it_and_is_given_it(town: Town) -> None:
    task, stranger = waits(town), mandataire(town, of="theirs")
    with pytest.raises(NotAllowed):
        give(task, None, by=stranger)
    with pytest.raises(payments.CannotAct):
        give(task, stranger, by=town.regisseur)
    colleague = mandataire(town)
    Agent.objects.filter(pk=colleague.pk).update(may_sign_in=False)
    with pytest.raises(payments.CannotAct):
        give(task, colleague, by=town.regisseur)
    assert given() == 0


def test_what_was_dealt_with_is_given_to_nobody(town: Town) -> None:
    task = waits(town)
    payments.close_anomaly(anomaly_id=task.pk, note="Vu", keep=True, actor=town.regisseur.actor, at=later(15))
    with pytest.raises(payments.TaskEnded):
        give(task, town.regisseur, by=town.regisseur)
    assert given() == 0


def test_its_page_gives_it_and_the_list_shows_whose_it_is(town: Town, client: Client) -> None:
    task, other, colleague = waits(town), waits(town), mandataire(town)
    address = url("task", task.pk)
    answer = client.post(address, {"action": "give", "agent": colleague.pk}, follow=True)
    assert f"Confié à {colleague.name}." in text_of(answer)
    stranger = mandataire(town, of="theirs")
    assert "n’a pas de mandat" in text_of(client.post(address, {"action": "give", "agent": stranger.pk}))
    [mine] = rows_of(get(browser(colleague), "tasks", assignee=colleague.pk))
    assert colleague.name in mine
    assert len(rows_of(get(client, "tasks", assignee="0"))) == 1
    none_yet = text_of(get(client, "tasks", assignee=town.regisseur.pk))
    assert "Sélectionnez un choix valide" not in none_yet and "Confié à : Agent Régisseur" in none_yet
    assert len(rows_of(get(client, "tasks", sort="-assignee"))) == 2
    assert "Points qui vous sont confiés" in text_of(get(browser(colleague), "home"))
    assert "Points qui vous sont confiés" not in text_of(get(client, "home"))
    other.refresh_from_db()
    assert other.assignee is None


def confirm(client: Client, verb: str, chosen: list[int], **more: object) -> str:
    """Choose tasks, agree to what will happen, let the worker do it; return the page that tells of it."""
    address = url("tasks_selection")
    preview = client.post(address, {"verb": verb, "scope": "chosen", "chosen": chosen})
    page = html.fromstring(preview.content.decode())
    form = next(form for form in page.forms if "ids" in form.fields)
    sent = {name: str(form.fields[name]) for name in ("verb", "ids", "scope", "query", "request_key")}
    answer = client.post(address, {**sent, "confirm": "1", **more})
    run_tasks()
    return text_of(client.get(answer["Location"]))


def test_a_selection_is_given(town: Town, client: Client) -> None:
    tasks, colleague = [waits(town), waits(town)], mandataire(town)
    page = confirm(client, "task.assign", [task.pk for task in tasks], agent=colleague.pk)
    assert "2 lignes sur 2" in page
    assert set(Anomaly.objects.values_list("assignee", flat=True)) == {colleague.pk}


def test_a_selection_of_mails_is_sent_again_and_money_is_no_mail(town: Town, client: Client) -> None:
    invoice, task = make_invoice(town), waits(town)
    message = undelivered(invoice)
    mail = Anomaly.objects.get(message=message)
    page = confirm(client, "task.resend", [mail.pk, task.pk])
    assert "Ce n’est pas un courriel" in page or "n’a plus rien à dire" in page
    assert Message.objects.filter(kind="invoice_deposited", about_id=invoice.pk).count() == 2
    mail.refresh_from_db()
    task.refresh_from_db()
    assert mail.closed_at is not None and task.closed_at is None


def test_a_line_says_that_its_invoice_was_refunded_since(town: Town, client: Client) -> None:
    undelivered(make_invoice(town))
    assert "remboursée depuis" not in text_of(get(client, "tasks"))
    Invoice.objects.update(is_refunded=True)
    assert "La facture a été annulée, et remboursée depuis." in text_of(get(client, "tasks"))
