"""Who plays the tour, and what they need to find things again."""

from dataclasses import dataclass, field
from datetime import datetime

from obole_demo.accounts import PASSWORD
from obole_demo.tour.browser import Browser


@dataclass
class Cast:
    """The four people, the bank, and what one step leaves to the next."""

    base: str
    bank: str
    started: datetime
    admin: Browser = field(init=False)
    agent: Browser = field(init=False)
    regisseur: Browser = field(init=False)
    citizen: Browser = field(init=False)
    notes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("admin", "agent", "regisseur", "citizen"):
            setattr(self, name, Browser(self.base))

    @property
    def mark(self) -> str:
        """Four letters that make this tour's names unlike those of the tours before."""
        seconds = int(self.started.timestamp()) % 26**4
        return "".join(chr(65 + seconds // 26**rank % 26) for rank in (3, 2, 1, 0))


def sign_in(browser: Browser, email: str) -> Browser:
    """Sign in to the portal or to the CRM; the same page serves both."""
    return browser.get("/compte/login/").submit("Se connecter", {"login": email, "password": PASSWORD})
