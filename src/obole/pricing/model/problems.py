"""What is wrong, where, and how to mend it: every refusal of the engine is a list of these."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, kw_only=True)
class Problem:
    """
    One thing to mend.

    ``path`` points into the configuration or the answers (``tariffs[0].versions[1].price.axes[0]``), ``place`` says the
    same to a person, ``text`` says what is wrong and how to mend it; its ``%(name)s`` are filled from ``values`` when
    it is read, in the language of the reader.
    """

    path: str
    text: Text
    place: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The whole sentence, in the language of the moment."""
        said = str(self.text) % self.values if self.values else str(self.text)
        return f"{self.place}\u00a0: {said}" if self.place else said


@dataclass(frozen=True)
class Place:
    """Where one stands in a configuration: as a path for machines, and in words for people."""

    path: str = ""
    words: str = ""

    def into(self, step: str, words: Text = "") -> "Place":
        """Return the place one step further: ``step`` is a name or ``[3]``."""
        path = f"{self.path}{step}" if step.startswith("[") else f"{self.path}.{step}" if self.path else step
        return Place(path, f"{self.words}, {words}" if self.words and words else self.words or str(words))

    def problem(self, text: Text, **values: object) -> Problem:
        """Return a problem that is here."""
        return Problem(path=self.path, place=self.words, text=text, values=values)


class Refused(ValueError):
    """Something cannot be used; ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(f"{problem.path}: {problem.message}" for problem in self.problems)


class CannotCompute(ValueError):
    """A formula has no result for these answers."""

    def __init__(self, text: Text, **values: object) -> None:
        super().__init__(str(text))
        self.text, self.values = text, values
