"""How we are known to a vendor, and which of its answers are meant for us."""

from dataclasses import dataclass, field

from service.core.errors import CaptchaFailed


@dataclass(frozen=True)
class Account:
    """`hosts` are the names under which our pages are reached.

    `practice` says that the keys are those a vendor publishes for tests: its answers are made up then, and name
    neither our host nor our action.
    """

    site_key: str
    secret: str = field(repr=False)
    hosts: frozenset[str]
    min_score: float = 0.5
    practice: bool = False

    def require_host(self, host: object) -> None:
        """Raise `CaptchaFailed` for an answer that was given on another site."""
        if not isinstance(host, str) or host.lower() not in self.hosts:
            raise CaptchaFailed

    def require_score(self, score: object) -> None:
        """Raise `CaptchaFailed` for a score below ours, or none."""
        if isinstance(score, bool) or not isinstance(score, int | float) or score < self.min_score:
            raise CaptchaFailed
