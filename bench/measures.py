"""What is measured: settlements, lists, invoices, PDFs."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import local

import requests
from procrastinate.contrib.django.models import ProcrastinateJob

from bench.load import Timing, hammer
from bench.stage import Stage
from obole.billing import operations as billing, pdf_documents
from obole.billing.models import Invoice, InvoiceLine
from obole.lib import dates, texts
from obole.limits import operations as limits
from obole.limits.rules import Quota
from obole.payments import operations as payments
from obole.payments.models import Attempt, Receipt
from tests.world import PASSWORD, WHO, Town, bill_dossier, make_citizen, make_dossier, make_town

SETTLEMENTS = 200
INVOICES = 400
PDFS = 50
COUNTED = 2000
BATCH = 5000
RINGERS = 4
"""The bank does not wait for one notification to be taken before it sends the next."""
SECONDS = 8.0
LONGEST_SECONDS = 90


def build_town(bank: str) -> Town:
    """Make a town whose régie is at the simulated bank."""
    settings = {
        "client_number": "006382",
        "mode": "W",
        "service_url": f"{bank}/tpa/services/securite",
        "payment_page_url": f"{bank}/tpa/paiementws.web",
    }
    return make_town(gateway="payfip", gateway_settings=settings, at=dates.now())


def issue_one_by_one(town: Town) -> tuple[float, list[Invoice]]:
    """Issue invoices one after the other, each in its own transaction; return how many a second, and them."""
    citizens = [make_citizen(f"payeur{rank}@example.org", at=dates.now()) for rank in range(20)]
    dossiers = [make_dossier(town, citizen=citizen, at=dates.now()) for citizen in citizens]
    start, made = time.perf_counter(), []
    for rank in range(INVOICES):
        made.append(bill_dossier(dossiers[rank % 20], town.type, period="bench", majoration=rank % 3, at=dates.now()))
    return INVOICES / (time.perf_counter() - start), made


def make_drafts(town: Town, *, count: int) -> list[Invoice]:
    """Make drafts as the operation that issues wants them: one line of the dossier's meals each."""
    citizens = [make_citizen(f"famille{texts.token()[:8]}@example.org", at=dates.now()) for _rank in range(20)]
    rows = [
        Invoice(
            request_key=texts.token(),
            type=town.type,
            regie=town.regie,
            payer=citizens[rank % 20],
            label=town.type.name,
            period="bench",
            total_cents=5200,
            created_at=dates.now(),
        )
        for rank in range(count)
    ]
    drafts = Invoice.objects.bulk_create(rows)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=draft,
            position=1,
            label="Repas",
            quantity=16,
            unit="repas",
            unit_price_cents=325,
            amount_cents=5200,
            nature="7067",
        )
        for draft in drafts
    )
    return drafts


def issue_alone(town: Town) -> float:
    """Issue drafts made before, one by one, each in its own transaction; return how many a second."""
    drafts = make_drafts(town, count=INVOICES)
    start = time.perf_counter()
    for draft in drafts:
        billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=dates.now())
    return len(drafts) / (time.perf_counter() - start)


def issue_together(town: Town) -> float:
    """Issue drafts made before, all in one transaction; return how many a second."""
    drafts = make_drafts(town, count=BATCH)
    start = time.perf_counter()
    billing.issue_batch(invoice_ids=[draft.pk for draft in drafts], actor=WHO, at=dates.now())
    return len(drafts) / (time.perf_counter() - start)


def render_pdfs(invoices: list[Invoice]) -> tuple[float, float]:
    """Render and store documents by one process, asked for one by one, then together; return how many a second."""
    pdf_documents.ensure_invoice_pdf(invoice_id=invoices[0].pk, at=dates.now())
    alone, together = [one.pk for one in invoices[1 : PDFS + 1]], [one.pk for one in invoices[PDFS + 1 : 2 * PDFS + 1]]
    start = time.perf_counter()
    for invoice_id in alone:
        pdf_documents.ensure_invoice_pdf(invoice_id=invoice_id, at=dates.now())
    half = time.perf_counter()
    pdf_documents.ensure_invoice_pdfs(invoice_ids=together, at=dates.now())
    return PDFS / (half - start), PDFS / (time.perf_counter() - half)


def settle(stage: Stage, invoices: list[Invoice], *, latency_ms: int) -> float:
    """
    Let the bank be paid for many attempts, ring for each of them, and wait for the last receipt.

    Returns settlements a second, from the first notification sent to the last receipt queued.
    """
    attempts = [pay_at_the_bank(stage, invoice) for invoice in invoices[:SETTLEMENTS]]
    requests.post(f"{stage.bank}/control", json={"latency_ms": latency_ms}, timeout=5).raise_for_status()
    before = Receipt.objects.count()
    start = time.perf_counter()
    with ThreadPoolExecutor(RINGERS) as pool:
        list(pool.map(lambda attempt: _ring(stage, attempt), attempts))
    while Receipt.objects.count() < before + len(attempts):
        if time.perf_counter() - start > LONGEST_SECONDS:
            raise TimeoutError(
                f"{Receipt.objects.count() - before} of {len(attempts)} settled in {LONGEST_SECONDS} seconds"
            )
        time.sleep(0.02)
    elapsed = time.perf_counter() - start
    requests.post(f"{stage.bank}/control", json={"latency_ms": 0}, timeout=5).raise_for_status()
    return len(attempts) / elapsed


def wait_for_the_worker() -> None:
    """
    Wait until nothing is left to do.

    :raises TimeoutError: if that takes more than a few minutes.
    """
    end = time.perf_counter() + 4 * LONGEST_SECONDS
    while ProcrastinateJob.objects.filter(status__in=["todo", "doing"]).exists():
        if time.perf_counter() > end:
            raise TimeoutError("the worker does not come to an end")
        time.sleep(0.1)


def count_uses(clients: int) -> float:
    """Return how long a limit takes, in milliseconds."""
    plenty = Quota(name="bench", most=1_000_000, per=timedelta(days=1))
    began = time.perf_counter()
    for n in range(COUNTED):
        limits.use(plenty, n % clients, at=dates.now())
    return (time.perf_counter() - began) / COUNTED * 1000


def _ring(stage: Stage, attempt: Attempt) -> None:
    said = {"idop": attempt.gateway_reference}
    requests.post(f"{stage.web}/paiements/payfip/notification", data=said, timeout=30).raise_for_status()


def portal_list(stage: Stage) -> Timing:
    """Load « Mes factures » as a citizen who has twenty invoices."""
    return hammer(_page(stage, "payeur1@example.org", "/mes-factures/"), clients=8, seconds=SECONDS)


def crm_list(stage: Stage) -> Timing:
    """Load the list of all invoices as an agent."""
    return hammer(_page(stage, "reviewer@valbourg.example", "/crm/factures/"), clients=8, seconds=SECONDS)


def pay_at_the_bank(stage: Stage, invoice: Invoice) -> Attempt:
    attempt = payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=texts.token(), actor=WHO, at=dates.now()
    )
    paid = {"idop": attempt.gateway_reference, "result": "P", "notify": False}
    requests.post(f"{stage.bank}/control/pay", json=paid, timeout=5).raise_for_status()
    return attempt


def _page(stage: Stage, email: str, path: str) -> Callable[[], bool]:
    """Return a request for a page by a signed-in person, with one connection a thread."""
    cookies, kept = sign_in(stage, email), local()

    def request() -> bool:
        if not hasattr(kept, "session"):
            kept.session = requests.Session()
            kept.session.cookies.update(cookies)
        answer = kept.session.get(f"{stage.web}{path}", timeout=30, allow_redirects=False)
        return bool(answer.status_code == 200)

    return request


def sign_in(stage: Stage, email: str) -> dict[str, str]:
    session = requests.Session()
    session.get(f"{stage.web}/compte/login/", timeout=10)
    form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    session.post(f"{stage.web}/compte/login/", data=form, timeout=10, headers={"Referer": stage.web})
    return session.cookies.get_dict()
