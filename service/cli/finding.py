"""What a check of `flask doctor` says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is fine, and what to do if not."""

    check: str
    ok: bool
    detail: str
