"""What pyproject.toml cannot say: catalogues of translations are compiled, and the agents' guide is packed."""

from pathlib import Path
from shutil import copyfile

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithCatalogues(build_py):
    """Compiles every catalogue beside its text, then builds; a package has the articles that a checkout has in docs."""

    def run(self) -> None:
        for catalogue in Path("src").glob("*/locale/*/LC_MESSAGES/*.po"):
            with catalogue.open("rb") as text, catalogue.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, read_po(text))
        super().run()
        if not self.editable_mode:
            guide = Path(self.build_lib) / "obole" / "crm" / "guide"
            guide.mkdir(parents=True, exist_ok=True)
            for article in Path("docs/agents").glob("*.md"):
                copyfile(article, guide / article.name)


setup(cmdclass={"build_py": BuildWithCatalogues})
