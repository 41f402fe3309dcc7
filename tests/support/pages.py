"""Reading what people read: the fields of a form in a page, the link in a letter."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("type") == "hidden" and values.get("name"):
            self.hidden.setdefault(values["name"] or "", values.get("value") or "")


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms, csrf_token among them; of several with one name the first."""
    inputs = _Inputs()
    inputs.feed(page)
    return inputs.hidden


def text_of(message: EmailMessage) -> str:
    """The plain text of a letter."""
    part = message.get_body(("plain",))
    assert part is not None, f"a letter without a text part: {message['subject']}"
    return str(part.get_content())


def link_in(message: EmailMessage, path: str) -> str:
    """The first address in a letter's text whose path starts with this one."""
    links = re.findall(r"https?://[^\s<>\"]+", text_of(message))
    for link in links:
        if urlsplit(link).path.startswith(path):
            return str(link)
    raise AssertionError(f"no link to {path} in the letter {message['subject']!r}; its links: {links}")
