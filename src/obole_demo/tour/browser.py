"""A browser without a screen: it follows links and fills forms by the words that people read."""

from collections.abc import Mapping
from urllib.parse import urljoin

import requests
from lxml import html

SECONDS = 30


class Difference(Exception):
    """What was seen is not what should be; the message says both."""


class Browser:
    """One person at one screen."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session = requests.Session()
        self.response = requests.Response()

    @property
    def url(self) -> str:
        return str(self.response.url)

    @property
    def page(self) -> html.HtmlElement:
        return html.fromstring(self.response.text, base_url=self.url)

    @property
    def text(self) -> str:
        """The words of the page, spaces made even."""
        body = self.page.find(".//main")
        return " ".join((body if body is not None else self.page).text_content().split())

    def get(self, path: str, *, status: int = 200) -> "Browser":
        """Open an address of the site, or a whole one."""
        self.response = self._session.get(urljoin(self._base, path), timeout=SECONDS)
        return self._checked(status)

    def bytes_of(self, path: str) -> bytes:
        """Download a file."""
        return self.get(path).response.content

    def follow(self, words: str) -> "Browser":
        """Follow the first link that is called so."""
        return self.get(self.link(words))

    def link(self, words: str) -> str:
        """
        Return where the first link that is called so leads; the page's own links come before its menu's.

        :raises Difference: if there is none.
        """
        page = self.page
        for link in [*page.iterfind(".//main//a[@href]"), *page.iterfind(".//a[@href]")]:
            if " ".join(words.split()) in " ".join(link.text_content().split()):
                return str(urljoin(self.url, link.get("href")))
        raise Difference(f"no link « {words} » on {self.url}")

    def submit(
        self,
        button: str,
        fields: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        status: int = 200,
    ) -> "Browser":
        """
        Fill the form that has this button, by the labels that people read, and press the button.

        :raises Difference: if there is no such button or no such field.
        """
        form, pressed = self._form_with(button)
        data: dict[str, list[str]] = {}
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        for label, value in (fields or {}).items():
            data[self._name_of(form, label)] = [value]
        if pressed.get("name"):
            data[pressed.get("name")] = [pressed.get("value") or ""]
        uploads = {self._name_of(form, label): content for label, content in (files or {}).items()}
        target = urljoin(self.url, pressed.get("formaction") or form.get("action") or self.url)
        headers = {"Referer": self.url}
        if form.method == "GET":
            self.response = self._session.get(target, params=data, timeout=SECONDS, headers=headers)
        else:
            self.response = self._session.post(
                target, data=data, files=uploads or None, timeout=SECONDS, headers=headers
            )
        return self._checked(status)

    def option(self, name: str, words: str) -> str:
        """Return the value of the choice of a list that is called so."""
        for item in self.page.iterfind(f".//select[@name='{name}']/option"):
            if words in item.text_content():
                return str(item.get("value"))
        raise Difference(f"no choice « {words} » for {name} on {self.url}")

    def box(self, name: str, words: str) -> str:
        """Return the value of the box that is called so."""
        for item in self.page.iterfind(f".//input[@name='{name}']"):
            label = self.page.find(f".//label[@for='{item.get('id')}']")
            if label is not None and words in label.text_content():
                return str(item.get("value"))
        raise Difference(f"no box « {words} » for {name} on {self.url}")

    def expect(self, *words: str) -> "Browser":
        """
        Check that the page says something; the kinds of space do not matter.

        :raises Difference: with what is missing.
        """
        seen = " ".join(self.text.split())
        for word in words:
            if " ".join(word.split()) not in seen:
                raise Difference(f"« {word} » is not on {self.url}: {seen[:600]}")
        return self

    def _checked(self, status: int) -> "Browser":
        if self.response.status_code != status:
            raise Difference(f"{self.url} answered {self.response.status_code}, not {status}")
        return self

    def _form_with(self, button: str) -> tuple[html.FormElement, html.HtmlElement]:
        for form in self.page.forms:
            for pressed in form.iterfind(".//button"):
                if " ".join(button.split()) == " ".join(pressed.text_content().split()):
                    return form, pressed
        raise Difference(f"no button « {button} » on {self.url}: {self.text[:300]}")

    def _name_of(self, form: html.FormElement, label: str) -> str:
        if label in form.fields:
            return label
        for item in form.iterfind(".//label"):
            control = form.find(f".//*[@id='{item.get('for')}']")
            if _words_of(item) == label and control is not None:
                return str(control.get("name"))
        for group in form.iterfind(".//fieldset"):
            if _words_of(group.find("legend")) == label:
                return str(group.find(".//input").get("name"))
        raise Difference(f"no field « {label} » on {self.url}")


def _words_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().replace("(facultatif)", "").split())
