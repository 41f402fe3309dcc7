"""A clock that a test moves, for lifetimes of hours and months."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """The service's clock; call it for the time, `advance` it for later."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **span: float) -> None:
        """Move on: `advance(days=14, seconds=1)`."""
        self.ahead += timedelta(**span)
