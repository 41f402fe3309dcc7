"""Every letter in every variant and language, for those who want to see them before a reader does."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.delivery.letters import Letters, RenderedLetter
from service.delivery.samples import SAMPLES


@dataclass(frozen=True)
class Gallery:
    """The letters of one publisher, overrides included."""

    letters: Letters
    languages: Sequence[str]

    @property
    def names(self) -> Sequence[str]:
        """Letters with their variants: `password_reset`, `password_reset-no_password`."""
        return [sample.name for sample in SAMPLES]

    def show(self, name: str, language: str) -> RenderedLetter | None:
        """Render a sample; None for a letter or a language there is not."""
        if language not in self.languages:
            return None
        found = (sample for sample in SAMPLES if sample.name == name)
        return next((self.letters.render(sample.in_language(language)) for sample in found), None)
