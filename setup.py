"""What pyproject.toml cannot say: the catalogues of translations are compiled while the packages are built."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithCatalogues(build_py):
    """Compiles every catalogue beside its text, then builds."""

    def run(self) -> None:
        for catalogue in Path("src").glob("*/locale/*/LC_MESSAGES/*.po"):
            with catalogue.open("rb") as text, catalogue.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, read_po(text))
        super().run()


setup(cmdclass={"build_py": BuildWithCatalogues})
