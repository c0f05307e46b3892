"""A folder where each SMS is a file, for the program of whoever carries them: it takes the files and deletes them."""

import json
import os
from pathlib import Path

from obole.gateways.sms.contract import Sms


class Folder:
    """Write ``<key>.json``: ``{"to": "+33612345678", "text": "…"}``, whole or not at all."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def send(self, sms: Sms) -> None:
        """Write the file, once: under its name it replaces itself."""
        self._path.mkdir(parents=True, exist_ok=True)
        draft = self._path / f".{sms.key}.{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"to": sms.to, "text": sms.text}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._path / f"{sms.key}.json")
