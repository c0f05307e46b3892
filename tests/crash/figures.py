"""What a run gave, and whether it is as it must be."""

from dataclasses import dataclass, field

COUNTED = ("attempts_paid", "receipts", "entries", "invoices_paid", "mails")
MUST_BE_NONE = ("acknowledged_lost", "chain_defects")


@dataclass
class Figures:
    """Counts of one run; durations in seconds."""

    payments: int
    stops: int = 0
    kills: int = 0
    prepare_seconds: float = 0
    settle_seconds: float = 0
    recover_seconds: float = 0
    interruptions: int = 0
    acknowledged: int = 0
    acknowledged_lost: int = 0
    left_to_the_sweep: int = 0
    attempts_paid: int = 0
    receipts: int = 0
    entries: int = 0
    invoices_paid: int = 0
    mails: int = 0
    chain_defects: int = 0
    doorbells_acknowledged: int = 0
    doorbells_kept: int = 0
    web_answers: dict[str, int] = field(default_factory=dict)

    def wrong(self) -> list[str]:
        """Say what is not as it must be."""
        wrong = [name for name in COUNTED if getattr(self, name) != self.payments]
        wrong += [name for name in MUST_BE_NONE if getattr(self, name)]
        if self.doorbells_kept < self.doorbells_acknowledged:
            wrong.append("doorbells_kept")
        return wrong + [f"the web answered {status}" for status in self.web_answers if status not in {"200", "503"}]

    def table(self) -> str:
        """Return the page that is printed."""
        rows = [f"  {name.replace('_', ' '):26} {_shown(value)}" for name, value in vars(self).items()]
        verdict = "WRONG: " + ", ".join(self.wrong()) if self.wrong() else "All is as it must be."
        return "\n".join([*rows, verdict])


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{status}: {count}" for status, count in sorted(value.items()))
    return f"{value:.1f}" if isinstance(value, float) else str(value)
