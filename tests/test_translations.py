"""The catalogues: nothing missing, nothing lost, nothing added. A new language is tested by being there."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import chain

import pytest
from babel.messages.catalog import Catalog, Message

from service.api.embed_words import HOW_LONG, OF_THE_PAGES
from service.core import errors
from service.core.errors import Refusal
from service.languages import catalogue as compiled
from service.languages import choose, shipped
from tests.support.live import ROOT
from tests.support.messages import TRANSLATED, extract, missing, read

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
TAG = re.compile(r"[<>]")
OWNERS_WORDS = (  # product specification, 1.1
    "Forgot password",
    "Enter the email address you used when you joined and we'll send you instructions to reset your password.",
    "If you used Apple or Google to create your account, this process will create a password for your existing"
    " account.",
    "This site is protected by reCAPTCHA and the Google Privacy Policy and Terms of Service apply.",
    "Reset password instructions sent. If you have an account with us, you will receive an email within a few"
    " minutes.",
    "Something went wrong. Try again or contact support if the problem persists.",
)
LINKED_WORDS = (  # what a page makes links of
    ("Something went wrong. Try again or contact support if the problem persists.", "contact support"),
    ("This account has been disabled. Contact support to have it opened again.", "Contact support"),
    ("Lost everything? Contact support to get back in.", "Contact support"),
    (OWNERS_WORDS[3], "Privacy Policy"),
    (OWNERS_WORDS[3], "Terms of Service"),
)
NO_MESSAGES = (
    "service/web/devbox.py",
    "service/web/letters.py",
    "service/http/operations.py",
)  # for developers


@pytest.fixture(scope="module")
def source() -> Catalog:
    return extract()


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return read(request.param)


def translated(catalogue: Catalog, text: str) -> str:
    message = catalogue.get(text)
    assert message is not None, f"{catalogue.locale}: {text!r} is not in the catalogue; run make messages"
    return str(message.string)


def forms(message: Message) -> Sequence[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_every_message_is_in_the_catalogue_and_translated(source: Catalog, catalogue: Catalog) -> None:
    ids = {message.id for message in source if message.id}
    there = {message.id for message in catalogue if message.id}
    assert not ids - there, f"{catalogue.locale}: new in the source, run make messages"
    assert not there - ids, f"{catalogue.locale}: gone from the source, run make messages"
    assert missing(catalogue) == [], f"{catalogue.locale}: to be translated"


def test_no_placeholder_is_lost_or_made_up(catalogue: Catalog) -> None:
    """Forms of a plural may say the number in words, as Arabic does for one and two."""
    for message in catalogue:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set(chain.from_iterable(map(PLACEHOLDER.findall, ids)))
        in_words = {"%(count)s"} if len(ids) > 1 else set()
        for form in forms(message):
            assert wanted - in_words <= set(PLACEHOLDER.findall(form)) <= wanted, (ids, form)
            assert not re.search(r"%(?!\()", form) or not wanted, (ids, form)


def test_every_plural_form_of_the_language_is_there(catalogue: Catalog) -> None:
    for message in catalogue:
        if not isinstance(message.id, str):
            assert len(forms(message)) == catalogue.num_plurals, message.id


@pytest.mark.parametrize(
    ("days", "said"), [(3, "3 أيام"), (14, "14 يومًا"), (99, "99 يومًا"), (100, "100 يوم")]
)
def test_days_in_arabic_are_counted_in_the_form_their_number_asks_for(days: int, said: str) -> None:
    counted = [m for m in read("ar") if not isinstance(m.id, str) and "%(count)s days" in m.id[1]]
    assert counted
    for message in counted:
        written = compiled("ar").ngettext(*message.id, days) % {"count": days}
        assert re.search(rf"{said}(?![\w\u064b])", written), written


def test_no_markup_comes_with_a_translation(catalogue: Catalog) -> None:
    assert [message.id for message in catalogue if message.id and any(map(TAG.search, forms(message)))] == []


def test_blanks_and_ends_of_sentences_stay(catalogue: Catalog) -> None:
    for message in catalogue:
        for form in forms(message) if message.id else []:
            assert form == form.strip(), form
            assert "\n" not in form, form


@pytest.mark.parametrize(("sentence", "words"), LINKED_WORDS)
def test_the_words_that_become_a_link_are_in_the_sentence(
    catalogue: Catalog, sentence: str, words: str
) -> None:
    assert translated(catalogue, words) in translated(catalogue, sentence)


@pytest.mark.parametrize("words", OWNERS_WORDS)
def test_the_owner_s_words_are_messages_as_they_stand(source: Catalog, words: str) -> None:
    assert source.get(words)


def test_the_dialog_s_words_are_messages_of_the_pages(source: Catalog) -> None:
    words = [*OF_THE_PAGES.values(), HOW_LONG[0]]
    assert [text for text in words if not source.get(text)] == []


def test_every_refusal_can_be_said_in_another_language(source: Catalog) -> None:
    refusals = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal)
    ]
    assert [kind.__name__ for kind in refusals if not source.get(kind.message)] == []


def test_every_sentence_in_the_code_of_the_pages_is_a_message(source: Catalog) -> None:
    """A sentence is a text that begins with a capital and has a blank in it; docstrings are not for readers."""
    ids = {
        form for message in source for form in ([message.id] if isinstance(message.id, str) else message.id)
    }
    found = {
        f"{file.relative_to(ROOT)}: {text}"
        for folder in ("web", "http")
        for file in (ROOT / "service" / folder).glob("*.py")
        if str(file.relative_to(ROOT)) not in NO_MESSAGES
        for text in sentences(ast.parse(file.read_text()))
        if text not in ids
    }
    assert found == set()


def sentences(tree: ast.AST) -> Iterator[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and text not in docstrings and re.match(r"[A-Z][a-z']* [a-z]", text):
            yield text


def test_a_publisher_offers_some_and_names_the_first() -> None:
    assert choose("en", []).offered == shipped()
    assert choose("de-AT", ["en", "de-DE"]).offered == ("de", "en")


@pytest.mark.parametrize(
    ("default", "wanted", "mend"),
    [
        ("en", ["en", "tlh"], "AUTH_LOCALES: tlh not among en, "),
        ("tlh", [], "AUTH_DEFAULT_LOCALE: tlh is not offered; choose one of en, "),
        ("en", ["de"], "AUTH_DEFAULT_LOCALE: en is not offered; choose one of de"),
        ("../../etc", [], "AUTH_DEFAULT_LOCALE"),
    ],
)
def test_a_language_there_is_not_is_refused_with_the_mend(default: str, wanted: list[str], mend: str) -> None:
    with pytest.raises(ValueError, match=re.escape(mend)):
        choose(default, wanted)


@pytest.mark.parametrize(
    ("tags", "spoken"),
    [
        (["de-CH", "en"], "de"),
        (["zh-TW", "ar-EG"], "ar"),
        (["zh"], "en"),
        ([None, "", "*", "../../x", "x" * 9000], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_there_is_among_those_asked_for(tags: list[str | None], spoken: str) -> None:
    assert choose("en", []).best(tags) == spoken
