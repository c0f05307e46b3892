"""What the worker does for invoices."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from obole.billing import papers
from obole.lib import days


@app.task(name="billing.render", queue="documents", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def render(invoice_id: int) -> None:
    """Make the invoice's PDF."""
    papers.ensure_document(invoice_id=invoice_id, at=days.now())
