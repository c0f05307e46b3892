"""How allauth meets the rest of the product: its mails leave by the outbox, its accounts are citizens."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.template.loader import render_to_string

from obole.lib import days, words
from obole.mailing import operations as mailing
from obole.mailing.rules import Rendered


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Queues account mails like any other; they hold a link that signs in, so no agent may read them."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put a mail about an account in the outbox."""
        context = {**context, "email": email}
        subject = words.clean_line(render_to_string(f"{template_prefix}_subject.txt", context, request=self.request))
        text = render_to_string(f"{template_prefix}_message.txt", context, request=self.request).strip()
        letter = mailing.Letter(
            cause=f"account:{words.token()}",
            kind="account",
            to=email,
            rendered=Rendered(subject, text, ""),
            confidential=True,
        )
        with transaction.atomic():
            mailing.queue(letter, at=days.now())
