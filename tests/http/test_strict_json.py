"""Bodies: one JSON object that says everything once, or an answer that says what is wrong; never a 500."""

import gzip
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidJson, ValidationFailed
from service.http.strict_json import DEEPEST, LONGEST_BODY, MOST_FIELDS, read_object
from tests.support.service import Client

LOGIN = "/api/v1/login"
GOOD = b'{"email":"reader@example.org","password":"wrong"}'
BOMB = gzip.compress(b'{"email":"' + b"a" * 5_000_000 + b'"}')
CALLS = [
    LOGIN,
    "/api/v1/signup",
    "/api/v1/signup/confirm",
    "/api/v1/password/forgot",
    "/api/v1/password/reset",
]


def send(client: Client, body: bytes, path: str = LOGIN, content_type: str = "application/json"):
    return client.request("POST", path, data=body, content_type=content_type)


@pytest.mark.case("DOS-04", "DOS-05", "RST-06")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b" ", id="a space"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"x"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"1", id="a number"),
        pytest.param(b"{}{}", id="two objects"),
        pytest.param(b"{'email':'x'}", id="single quotes"),
        pytest.param(b'{"email":"x",}', id="a comma too many"),
        pytest.param(b'{"email":NaN}', id="NaN"),
        pytest.param(b'{"email":-Infinity}', id="infinity"),
        pytest.param(b'{"email":' + b"7" * 5000 + b"}", id="5,000 digits"),
        pytest.param(b'{"email":-' + b"7" * 5000 + b"}", id="5,000 digits below zero"),
        pytest.param(b'{"email":0.' + b"7" * 5000 + b"}", id="5,000 decimals"),
        pytest.param(b'{"a":' * 6000 + b"1" + b"}" * 6000, id="6,000 objects deep"),
        pytest.param(b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", id="30,000 lists deep"),
        pytest.param(b"[" * 60_000, id="60,000 lists that never end"),
        pytest.param(b'{"a":"' + b'\\"' * 32_000, id="a text of quotes that never ends"),
        pytest.param(b'{"a":' + b'"' * 60_000, id="60,000 quotes"),
        pytest.param(b'{"a":"\\', id="an escape that never ends"),
        pytest.param(b'{"email":"\xff\xfe"}', id="no UTF-8"),
        pytest.param(b'{"email":"\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param('{"email":"x"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"email":"x"}', id="a byte order mark"),
        pytest.param(b'{"email":"a@b.org","password":"x","a\\ud800":1}', id="a surrogate in a name"),
        pytest.param(b'{"email":"a\x00b"}', id="a bare NUL"),
        pytest.param(b'{"email":"a\nb"}', id="a bare line break"),
        pytest.param(
            b"{" + b",".join(b'"f%d":1' % n for n in range(MOST_FIELDS + 1)) + b"}", id="too many fields"
        ),
    ],
)
def test_what_is_no_object_is_a_400(client: Client, body: bytes) -> None:
    begun = time.process_time()
    answer = send(client, body)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_json")
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b'{"email":"a@b.org","email":"c@d.org","password":"x"}', "email", "duplicate_field"),
        (b'{"email":"a@b.org","\\u0065mail":"c@d.org","password":"x"}', "email", "duplicate_field"),
        (b'{"email":"a@b.org","password":"x","is_admin":true}', "is_admin", "unknown_field"),
        (b'{"email":"a@b.org","password":"x","Email":"c@d.org"}', "Email", "unknown_field"),
        (b'{"email":"a@b.org","password":"x","__proto__":{}}', "__proto__", "unknown_field"),
        (b'{"email":"a@b.org","password":"x","":1}', "", "unknown_field"),
        (b'{"email":"a@b.org"}', "password", "required"),
        (b'{"password":"x"}', "email", "invalid_email"),
        (b'{"email":null,"password":"x"}', "email", "invalid_email"),
        (b'{"email":["a@b.org","c@d.org"],"password":"x"}', "email", "invalid_email"),
        (b'{"email":{"a":1},"password":"x"}', "email", "invalid_email"),
        (b'{"email":true,"password":"x"}', "email", "invalid_email"),
        (b'{"email":7,"password":"x"}', "email", "invalid_email"),
        (b'{"email":"","password":"x"}', "email", "invalid_email"),
        (b'{"email":"a\\u0000@b.org","password":"x"}', "email", "invalid_email"),
        (b'{"email":"a\\ud800@b.org","password":"x"}', "email", "invalid_email"),
        (b'{"email":"a@b.org","password":7}', "password", "invalid_type"),
        (b'{"email":"a@b.org","password":null}', "password", "invalid_type"),
        (b'{"email":"a@b.org","password":["x"]}', "password", "invalid_type"),
        (b'{"email":"a@b.org","password":"x","remember":"yes"}', "remember", "invalid_type"),
        (b'{"email":"a@b.org","password":"x","remember":1}', "remember", "invalid_type"),
        (b'{"email":"a@b.org","password":"x","remember":1e400}', "remember", "invalid_type"),
        (b'{"email":"a@b.org","password":"x","captcha":"\\u0000"}', "captcha", "invalid_text"),
    ],
)
@pytest.mark.case("RST-01", "RST-03", "RST-06", "RST-18", "RST-19")
def test_a_field_that_is_wrong_is_named(client: Client, body: bytes, field: str, code: str) -> None:
    answer = send(client, body)
    assert answer.status_code == 422
    assert answer.json["code"] == "validation_failed"
    assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [(field, code)]
    assert answer.json["errors"][0]["message"].endswith(".")


@pytest.mark.parametrize("password", [b"\\ud800", b"\\u0000", b"\\udc00\\ud800", b"a" * 1025])
def test_a_password_that_can_never_be_right_is_just_wrong(client: Client, password: bytes) -> None:
    answer = send(client, b'{"email":"reader@example.org","password":"' + password + b'"}')
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")


def test_all_wrong_fields_are_named_at_once(client: Client) -> None:
    errors = send(client, b'{"email":7,"x":1}').json["errors"]
    assert {error["field"] for error in errors} == {"email", "password", "x"}


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/problem+json",
        "text/json",
        "",
    ],
)
@pytest.mark.case("WEB-02")
def test_only_json_is_read(client: Client, path: str, content_type: str) -> None:
    answer = send(client, GOOD, path, content_type)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


def test_the_charset_of_json_may_be_said(client: Client) -> None:
    assert send(client, GOOD, content_type="application/json; charset=utf-8").status_code == 401


@pytest.mark.case("DOS-08")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_not_unpacked(client: Client, encoding: str) -> None:
    answer = client.request(
        "POST", LOGIN, data=BOMB, content_type="application/json", headers={"Content-Encoding": encoding}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.case("DOS-01", "RST-22")
def test_more_than_64_kib_is_too_much(client: Client, path: str) -> None:
    begun = time.process_time()
    answer = send(client, b'{"email":"' + b"a" * 1_000_000 + b'"}', path)
    assert (answer.status_code, answer.json["code"]) == (413, "payload_too_large")
    assert time.process_time() - begun < 0.05


def test_64_kib_to_the_byte_are_read(client: Client) -> None:
    assert send(client, GOOD + b" " * (LONGEST_BODY - len(GOOD))).status_code == 401
    assert send(client, GOOD + b" " * (LONGEST_BODY - len(GOOD) + 1)).status_code == 413


@pytest.mark.case("DOS-06")
def test_a_body_without_a_length_is_cut_off_as_well(client: Client) -> None:
    answer = client.request(
        "POST",
        LOGIN,
        content_type="application/json",
        environ_overrides={"wsgi.input": _Endless(), "wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked"},
    )
    assert answer.status_code == 413
    assert _Endless.read_bytes < 4 * LONGEST_BODY


class _Endless:
    """A body that never ends; counts what was read of it."""

    read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        assert 0 < size < 10 * LONGEST_BODY
        _Endless.read_bytes += size
        return b" " * size


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    )
)
def test_every_json_value_is_read_as_it_is_or_refused(value: object) -> None:
    for ascii_only in (True, False):
        try:
            body = json.dumps(value, ensure_ascii=ascii_only).encode()
        except UnicodeEncodeError:
            continue
        if isinstance(value, dict):
            assert read_object(body) == value
        else:
            with pytest.raises(InvalidJson):
                read_object(body)


@given(st.binary(max_size=200) | st.text('{}[]":,\\u0019eE+-. ntf', max_size=200).map(str.encode))
def test_no_bytes_make_anything_but_an_object_or_a_refusal(body: bytes) -> None:
    with suppress(InvalidJson, ValidationFailed):
        assert isinstance(read_object(body), dict)


@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST])
def test_brackets_inside_texts_are_not_counted(depth: int) -> None:
    body = b'{"a":"' + b"[{" * 1000 + b'\\"[","b":' + b"[" * depth + b"]" * depth + b"}"
    if depth < DEEPEST:
        assert read_object(body)["a"].startswith("[{")
    else:
        with pytest.raises(InvalidJson):
            read_object(body)
