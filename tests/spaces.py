"""Texts as tests type them: with ordinary spaces."""


def plain(text: object) -> str:
    """Return a printed text with ordinary spaces for no-break ones, which ``test_french_spaces`` holds."""
    return str(text).replace("\u00a0", " ").replace("\u202f", " ")
