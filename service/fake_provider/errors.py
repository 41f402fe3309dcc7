"""Refusals, in the words of RFC 6749."""


class Mistaken(Exception):
    """A request the provider refuses: `error` is the code of RFC 6749, the text tells the developer why."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class UnknownClient(Mistaken):
    """The client or its redirect address is not registered: nothing may be sent there (RFC 6749 4.1.2.1)."""
