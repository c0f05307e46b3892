"""Mails as servers write them when one of ours does not arrive."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Report:
    """A delivery status notification (RFC 3464), as Postfix writes them."""

    message_id: str
    recipient: str = "rfc822; usager@example.org"
    action: str = "failed"
    status: str = "5.1.1"
    diagnostic: str = "smtp; 550 5.1.1 <usager@example.org>: Recipient address rejected: User unknown"
    returned: str = "text/rfc822-headers"
    more: str = ""
    """Lines more, about its recipient."""

    def written(self, *, ends: str = "\r\n") -> bytes:
        lines = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: retours@ville.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="frontiere"

--frontiere
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--frontiere
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Wed, 25 Nov 2026 12:00:00 +0100 (CET)

Final-Recipient: {self.recipient}
Action: {self.action}
Status: {self.status}
Diagnostic-Code: {self.diagnostic}
{self.more}
--frontiere
Content-Type: {self.returned}

From: ville@example.org
To: usager@example.org
Subject: Votre facture
Message-ID: {self.message_id}

--frontiere--
"""
        return lines.replace("\n", ends).encode()
