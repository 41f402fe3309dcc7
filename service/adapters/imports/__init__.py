"""Exports of other systems, read row by row. A new one is a file and a line here."""

from collections.abc import Mapping

from service.adapters.imports import auth0, django, drupal, firebase, ghost, own, wordpress
from service.core.imports import Source

SOURCES: Mapping[str, Source] = {
    "csv": own.CSV,
    "jsonl": own.JSON_LINES,
    "wordpress": wordpress.EXPORT,
    "ghost": ghost.EXPORT,
    "drupal": drupal.EXPORT,
    "django": django.EXPORT,
    "auth0": auth0.EXPORT,
    "firebase": firebase.EXPORT,
}
