"""What people read in their mails: codes and links. No agent can."""

import re

from obole.mailing.models import Message


def mails_to(email: str) -> list[Message]:
    """Return the mails about an account that were sent to an address, newest first."""
    found = list(Message.objects.filter(to=email, kind="account").order_by("-id"))
    assert all(message.confidential for message in found)
    return found


def code_sent_to(email: str) -> str:
    """Return the code of the last mail sent to an address."""
    code = re.search(r"^[A-Z0-9]{3,}(?:-?[A-Z0-9]{3,})*$", mails_to(email)[0].text, re.MULTILINE)
    assert code is not None, mails_to(email)[0].text
    return code[0]


def link_sent_to(email: str) -> str:
    """Return the link of the last mail sent to an address: where it leads on the portal."""
    link = re.search(r"^(\S+?)(/compte/\S+)$", mails_to(email)[0].text, re.MULTILINE)
    assert link is not None, mails_to(email)[0].text
    assert link[1] == "http://localhost:8000", "the link is somebody's"
    return link[2]
