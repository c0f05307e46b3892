"""What happened, in time: what ``{% timeline events %}`` draws."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``tone`` is one of the pills' tones, or ``neutral``."""

    at: datetime
    title: str
    detail: str = ""
    tone: str = "neutral"
    url: str = ""
    link_label: str = ""
