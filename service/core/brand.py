"""The publisher's brand, as pages and letters show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Brand:
    """`accent` is the publisher's one colour, `#rrggbb`; `service.core.design` derives all others."""

    site_name: str
    site_url: str
    support_url: str
    logo_url: str | None
    accent: str
