"""Screens driven from the keyboard alone, and looked at on a desk and on a phone."""

from re import Pattern

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Locator, Page

WIDTHS = (1280, 390)
PAGES = 5
"""How many pages may follow one another before one of them must stay."""


def faults_of(page: Page) -> AxeResults:
    """Run axe; where the key that was just pressed leads elsewhere, and the page goes meanwhile, run it on the next."""
    for _gone in range(PAGES):
        try:
            return Axe().run(page)
        except Error:
            page.wait_for_load_state()
    return Axe().run(page)


def check(page: Page) -> None:
    """Look at the page as it is now: no accessibility fault, nothing to scroll sideways for, one title."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        faults = faults_of(page)
        assert faults.violations_count == 0, f"{page.url} at {width}: {faults.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
            f"{page.url} scrolls sideways at {width}"
        )
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    assert page.locator("h1").count() == 1, page.url


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus, and see that the eye can tell."""
    wanted.wait_for()
    for _press in range(120):
        if wanted.evaluate("one => one === document.activeElement"):
            outline = wanted.evaluate("one => getComputedStyle(one).outlineStyle + getComputedStyle(one).outlineWidth")
            assert outline not in ("none0px", "auto0px") and not outline.startswith("none"), f"no focus on {wanted}"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {wanted} on {page.url}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """Reach something with Tab alone, and press a key there."""
    reach(page, wanted)
    page.keyboard.press(key)
    page.wait_for_load_state()


Field = str | Pattern[str] | Locator
"""A field by its label, or itself."""


def field_of(page: Page, field: Field) -> Locator:
    return field.first if isinstance(field, Locator) else page.get_by_label(field, exact=False).first


def write(page: Page, field: Field, text: str) -> None:
    """Reach a field with Tab alone, and write over what it holds."""
    reach(page, field_of(page, field))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def choose(page: Page, field: Field, option: str) -> None:
    """Reach a list with Tab alone, and press the arrow until a choice that begins so is chosen."""
    wanted = field_of(page, field)
    reach(page, wanted)
    page.keyboard.press("Home")
    said, count = "one => one.selectedOptions[0].text", int(wanted.evaluate("one => one.options.length"))
    for _press in range(count):
        if str(wanted.evaluate(said)).startswith(option):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{field}: no choice begins with {option}")


def tick(page: Page, wanted: Locator, *, on: bool = True) -> None:
    """Reach a box or a round button with Tab (and arrows), and press Space."""
    reach(page, wanted)
    if wanted.is_checked() != on:
        page.keyboard.press("Space")
    assert wanted.is_checked() == on


def pick(page: Page, wanted: Locator) -> None:
    """Reach a group of round buttons with Tab, and press the arrow until one of them is chosen."""
    name = wanted.get_attribute("name")
    group = page.locator(f"input[type=radio][name='{name}']")
    chosen = page.locator(f"input[type=radio][name='{name}']:checked")
    reach(page, chosen.first if chosen.count() else group.first)
    page.keyboard.press("Space")
    for _press in range(group.count()):
        if wanted.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows never choose {wanted}")


def write_day(page: Page, field: Field, day: str) -> None:
    """Reach a date with Tab alone, and type it as this browser orders its parts (« 2026-06-18 »)."""
    wanted = field_of(page, field)
    year, month, date = day.split("-")
    reach(page, wanted)
    for typed in (f"{date}{month}{year}", f"{month}{date}{year}"):
        for _part in range(3):
            page.keyboard.press("ArrowLeft")
        page.keyboard.type(typed)
        if wanted.input_value() == day:
            return
    raise AssertionError(f"{field}: {wanted.input_value()} instead of {day}")
