"""What leaves for a provider and what may come back: state, browser, issuer, code, and nonsense."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from service.store.schema import AttemptRow, IdentityRow, SessionRow
from tests.flows.at_providers import COOKIE, altered, bring, heading, identities_in, leave, me, sign_in
from tests.flows.people import count_of, everything_stored, secret_of
from tests.support.environment import PUBLIC_URL

KINDS = ["google", "apple", "issuer"]


@pytest.fixture
def service(make_service, sqlite_url, google, apple, issuer):
    return make_service(sqlite_url, **google.settings, **apple.settings, **issuer.settings)


@pytest.fixture(params=KINDS)
def provider(request):
    return request.getfixturevalue(request.param)


def is_refused(answer, browser, *, status=400):
    assert answer.status_code == status, f"{answer.status} {answer.headers.get('Location')}"
    assert answer.text.count("<h1>") == 1
    assert answer.headers["Cache-Control"] == "no-store"
    assert me(browser) is None


@pytest.mark.case("OAC-03")
def test_the_request_asks_for_what_is_needed_and_binds_it(service, provider):
    url = leave(service.client(), provider)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(provider.issuer.endpoint("authorize"))
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/login/{provider.name}/callback"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["client_id"] == provider.client_id
    wanted = {"openid", "email", "name"} if provider.name == "apple" else {"openid", "email", "profile"}
    assert set(asked["scope"].split()) == wanted
    assert all(re.fullmatch(r"[\w-]{43}", asked[name]) for name in ("state", "nonce", "code_challenge"))
    assert "+" not in url
    assert asked.get("response_mode") == ("form_post" if provider.name == "apple" else None)


@pytest.mark.case("OAC-03")
def test_nothing_of_a_request_is_ever_used_twice(service, google):
    browser = service.client()
    seen = [parse_qs(urlsplit(leave(browser, google)).query) for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({asked[name][0] for asked in seen}) == 3


@pytest.mark.case("OAC-03")
def test_the_database_holds_nothing_that_could_finish_a_sign_in(service, provider):
    browser = service.client()
    url = leave(browser, provider)
    asked = parse_qs(urlsplit(url).query)
    kept = everything_stored(service)
    for secret in (asked["state"][0], asked["nonce"][0], secret_of(browser, COOKIE)):
        assert secret not in kept


@pytest.mark.case("OAC-03", "SES-02")
@pytest.mark.parametrize("public_url", ["https://accounts.example.org", PUBLIC_URL])
def test_the_cookie_of_an_attempt_is_for_this_host_and_no_script(
    make_service, sqlite_url, google, public_url
):
    start = make_service(sqlite_url, public_url=public_url, **google.settings).client().get("/login/google")
    (header,) = start.headers.getlist("Set-Cookie")
    pair, *attributes = header.split("; ")
    secure = public_url.startswith("https:")
    assert pair.partition("=")[0] == ("__Host-" if secure else "") + COOKIE
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=600"} <= set(attributes)
    assert ("Secure" in attributes) is secure
    assert not [one for one in attributes if one.startswith("Domain")]
    assert start.headers["Cache-Control"] == "no-store"


@pytest.mark.case("OAC-01")
def test_a_callback_without_our_state_exchanges_nothing(service, provider):
    for state in [None, "", "wrong", "x" * 7_000, "\0", "é\u2028"]:
        browser = service.client()
        answer = provider.answer(leave(browser, provider))
        is_refused(bring(browser, altered(answer, state=state)), browser)
        assert provider.asked("token") == []


@pytest.mark.case("OAC-01", "OAC-41")
def test_an_answer_works_once(service, provider):
    browser = service.client()
    answer = provider.answer(leave(browser, provider))
    cookie = secret_of(browser, COOKIE)
    assert bring(browser, answer).status_code == 303
    again = service.client()
    again.inner.set_cookie(COOKIE, cookie)
    is_refused(bring(again, answer), again)
    assert len(provider.asked("token")) == 1


@pytest.mark.case("OAC-41")
def test_a_code_of_an_earlier_attempt_is_refused(service, provider):
    browser = service.client()
    old = provider.answer(leave(browser, provider))
    new = provider.answer(leave(browser, provider))
    code = (old.form or parse_qs(urlsplit(old.url).query))["code"]
    code = code if isinstance(code, str) else code[0]
    is_refused(bring(browser, altered(new, code=code)), browser)
    assert len(provider.asked("token")) == 1


@pytest.mark.case("OAC-01")
def test_an_answer_after_ten_minutes_is_too_late(clock, make_service, sqlite_url, issuer):
    service = make_service(sqlite_url, **issuer.settings)
    browser = service.client()
    answer = issuer.answer(leave(browser, issuer))
    clock.advance(minutes=10, seconds=1)
    refused = bring(browser, answer)
    is_refused(refused, browser)
    assert heading(refused) == "Start again"
    assert issuer.asked("token") == []


@pytest.mark.case("OAC-01")
def test_a_form_that_comes_after_ten_minutes_is_too_late(clock, make_service, sqlite_url, apple):
    service = make_service(sqlite_url, **apple.settings)
    browser = service.client()
    answer = apple.answer(leave(browser, apple))
    clock.advance(minutes=10, seconds=1)
    is_refused(bring(browser, answer), browser)
    assert apple.asked("token") == []


@pytest.mark.case("OAC-02")
def test_an_answer_made_by_somebody_else_is_refused_in_another_browser(service, provider):
    attacker, victim, signing_in = service.client(), service.client(), service.client()
    is_refused(bring(victim, provider.answer(leave(attacker, provider))), victim)
    leave(signing_in, provider)
    is_refused(bring(signing_in, provider.answer(leave(attacker, provider))), signing_in)
    assert provider.asked("token") == []
    assert count_of(service, SessionRow) == 0


@pytest.mark.case("OAC-02")
def test_the_handle_of_a_form_is_good_in_its_own_browser_only(service, apple):
    attacker, victim = service.client(), service.client()
    answer = apple.answer(leave(attacker, apple))
    parked = attacker.request("POST", answer.path, data=answer.form)
    assert parked.status_code == 303
    leave(victim, apple)
    is_refused(victim.follow(parked), victim)
    is_refused(attacker.follow(parked), attacker)
    assert apple.asked("token") == []


@pytest.mark.case("OAC-02")
def test_two_cookies_of_the_name_count_as_none(service, google):
    browser = service.client()
    answer = google.answer(leave(browser, google))
    secret = secret_of(browser, COOKIE)
    both = {"Cookie": f"{COOKIE}=planted; {COOKIE}={secret}"}
    plain = service.app.test_client(use_cookies=False)
    assert plain.get(answer.path, headers=both, base_url=PUBLIC_URL).status_code == 400
    assert google.asked("token") == []


@pytest.mark.case("OAC-05")
def test_an_answer_must_name_its_issuer_where_that_is_promised(service, issuer):
    for wrong in [None, "", "https://attacker.example", "same but longer"]:
        browser = service.client()
        answer = issuer.answer(leave(browser, issuer))
        told = f"{issuer.url}/" if wrong == "same but longer" else wrong
        is_refused(bring(browser, altered(answer, iss=told)), browser)
        assert issuer.asked("token") == []


@pytest.mark.case("OAC-05")
@pytest.mark.parametrize("name", ["google", "apple"])
def test_an_issuer_that_is_named_must_be_right_where_it_is_not_promised(service, request, name):
    provider = request.getfixturevalue(name)
    browser = service.client()
    answer = altered(provider.answer(leave(browser, provider)), iss="https://attacker.example")
    is_refused(bring(browser, answer), browser)
    assert provider.asked("token") == []
    right = altered(provider.answer(leave(browser, provider)), iss=provider.url)
    assert bring(browser, right).status_code == 303


@pytest.mark.case("OAC-06")
def test_a_code_of_one_provider_means_nothing_at_the_callback_of_another(service, google, issuer):
    browser = service.client()
    answer = issuer.answer(leave(browser, issuer))
    mixed = answer._replace(url=answer.url.replace("/login/plain/", "/login/google/"))
    is_refused(bring(browser, mixed), browser)
    assert google.asked("token") == issuer.asked("token") == []


@pytest.mark.case("OAC-06")
def test_a_form_is_not_taken_at_the_callback_of_another_provider(service, apple, google):
    browser = service.client()
    answer = apple.answer(leave(browser, apple))
    mixed = answer._replace(url=answer.url.replace("/login/apple/", "/login/google/"))
    is_refused(bring(browser, mixed), browser)
    parked = browser.request("POST", answer.path, data=answer.form)
    handle = parked.headers["Location"].replace("/login/apple/", "/login/google/")
    is_refused(browser.get(handle), browser)
    assert google.asked("token") == apple.asked("token") == []


@pytest.mark.case("OAC-06")
def test_every_provider_has_a_callback_of_its_own(service, google, apple, issuer):
    uris = {
        parse_qs(urlsplit(leave(service.client(), one)).query)["redirect_uri"][0]
        for one in (google, apple, issuer)
    }
    assert len(uris) == 3


@pytest.mark.case("OAC-46")
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_a_provider_says_of_an_error_does_no_harm(make_service, sqlite_url, issuer, capfd, log_format):
    service = make_service(sqlite_url, log_format=log_format, **issuer.settings)
    for error, description in [
        ("server_error", "<script>alert(1)</script>"),
        ("<b>bad</b>", "<img src=x onerror=alert(1)>"),
        ("bad\r\nSet-Cookie: x=1", "one\r\ntwo 12:00:00 INFO forged"),
        ("x" * 3_500, "y" * 3_500),
        ("\u2028", "\u202e \u2028 \x1b[31m \0"),
    ]:
        browser = service.client()
        answer = issuer.answer(leave(browser, issuer), cancel=True)
        capfd.readouterr()
        page = bring(browser, altered(answer, error=error, error_description=description))
        logged = capfd.readouterr().err
        is_refused(page, browser)
        assert heading(page) == "Sign-in did not work"
        for text in (error, description):
            assert text not in page.text
        assert "Set-Cookie: x" not in str(page.headers)
        assert "provider.error" in logged
        (line,) = [one for one in re.split("[\r\n\u2028\x85]", logged) if "provider" in one]
        assert len(line) < 1000
        assert line.isprintable()


@pytest.mark.case("OAC-47")
@pytest.mark.parametrize("with_code", [False, True], ids=["implicit", "hybrid"])
def test_tokens_that_come_through_the_browser_are_refused(service, provider, with_code):
    for name in ["id_token", "access_token"]:
        browser = service.client()
        answer = provider.answer(leave(browser, provider))
        leftover = {} if with_code else {"code": None}
        is_refused(bring(browser, altered(answer, **{name: provider.id_token()}, **leftover)), browser)
        assert provider.asked("token") == []
        assert identities_in(service) == []


ODD = [
    "",
    "\0",
    "%00",
    "\ud800",
    "é" * 4000,
    "a" * 60_000,
    "' OR 1=1 --",
    "[]",
    "../../etc/passwd",
    "\r\nX: y",
]


def test_odd_values_are_calmly_refused(service):
    for name in ["state", "code", "iss", "error", "error_description", "user", "handle", "next"]:
        for odd in ODD:
            text = quote(odd, safe="", errors="surrogatepass")
            for path in ("/login/apple/callback", "/login/google/callback", "/login/nobody/callback"):
                for state in ("", "&state=x"):
                    answer = service.client().get(f"{path}?{name}={text}{state}")
                    assert answer.status_code in (400, 404, 414), answer.text
                    assert answer.text.count("<h1>") == 1
                form = f"{name}={text}&state=x"
                sent = service.client().request(
                    "POST", path, data=form, content_type="application/x-www-form-urlencoded"
                )
                assert sent.status_code in (400, 404, 413), sent.text


def test_odd_values_beside_a_good_state_are_calmly_refused(service, apple, issuer):
    for name in ["code", "iss", "user"]:
        for odd in ["\0", "\ufffd", "é" * 4096, "a" * 60_000, "{" * 4000, '{"name":' * 500]:
            for provider in (apple, issuer):
                browser = service.client()
                answer = altered(provider.answer(leave(browser, provider)), **{name: odd})
                assert bring(browser, answer).status_code in (303, 400, 413, 414)


def test_a_form_with_everything_at_its_longest_is_calmly_refused(service, apple):
    browser = service.client()
    answer = apple.answer(leave(browser, apple))
    long = dict.fromkeys(("code", "iss", "error", "user"), "é" * 2000)
    is_refused(bring(browser, altered(answer, **long)), browser)


def test_odd_providers_are_not_found(service):
    for odd in ["\0", "\ud800", "x" * 5000, "..", "google/callback/x"]:
        text = quote(odd, safe="/", errors="surrogatepass")
        assert service.client().get(f"/login/{text}").status_code in (404, 405)
        assert service.client().get(f"/login/{text}/callback").status_code in (400, 404, 405)


def test_a_sign_in_leads_nowhere_else(service, provider):
    for next_page in [
        "https://attacker.example/",
        "//attacker.example",
        "/\\attacker.example",
        "javascript:alert(1)",
        "/ok\0",
        "/" + "x" * 5000,
        "http://localhost:8000@attacker.example/",
    ]:
        answer = sign_in(service.client(), provider, next=next_page)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account")


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_in_an_address_of_ours_or_in_the_log(make_service, sqlite_url, request, kind, caplog):
    provider = request.getfixturevalue(kind)
    caplog.set_level(logging.DEBUG)
    service = make_service(sqlite_url, log_level="DEBUG", **provider.settings)
    browser = service.client()
    answer = provider.answer(leave(browser, provider))
    code = answer.form.get("code") or parse_qs(urlsplit(answer.url).query)["code"][0]
    tokens = []
    provider.mutate(
        token_response=lambda told: tokens.extend(
            v for v in told.values() if isinstance(v, str) and len(v) > 20
        )
    )
    back = browser.request(
        answer.method, answer.path, data=answer.form or None, headers={"Origin": provider.url}
    )
    locations = [back.headers["Location"]]
    if answer.method == "POST":
        locations.append(browser.follow(back).headers["Location"])
    provider.mutate(token_response=lambda told: told.update(id_token="broken"))
    sign_in(browser, provider)
    told = "".join(repr(record.__dict__) for record in caplog.records if not record.name.startswith("http"))
    assert len(tokens) >= 2
    for secret in (code, *tokens, provider.client_secret or "no secret"):
        assert secret not in told
        assert not [location for location in locations if secret in location]


@pytest.mark.case("OAC-01")
def test_attempts_are_thrown_away_when_they_are_over(clock, make_service, database, issuer):
    service = make_service(database, **issuer.settings)
    leave(service.client(), issuer)
    assert count_of(service, AttemptRow) == 1
    clock.advance(minutes=11)
    with service.parts.store.write() as uow:
        assert uow.attempts.purge(clock()) == 1


def test_starting_is_throttled_by_client(make_service, sqlite_url, google):
    service = make_service(
        sqlite_url, rate_limit_scale=1, rate_limits="provider_per_client=3/5minute", **google.settings
    )
    browser = service.client()
    assert [browser.get("/login/google").status_code for _ in range(4)] == [303, 303, 303, 429]
    refused = browser.get("/login/google")
    assert int(refused.headers["Retry-After"]) > 0
    elsewhere = service.client().get("/login/google", environ_overrides={"REMOTE_ADDR": "198.51.100.9"})
    assert elsewhere.status_code == 303


def test_two_tabs_can_be_away_at_once(service, provider):
    browser = service.client()
    one, other = leave(browser, provider), leave(browser, provider)
    first, second = provider.answer(one), provider.answer(other)
    cookie = secret_of(browser, COOKIE)
    assert bring(browser, second).status_code == 303
    browser.inner.set_cookie(COOKIE, cookie)
    assert bring(browser, first).status_code == 303
    assert count_of(service, IdentityRow) == 1


def test_answers_of_one_attempt_at_the_same_time_sign_in_once(make_service, database, issuer):
    service = make_service(database, **issuer.settings)
    browser = service.client()
    answer = issuer.answer(leave(browser, issuer))
    cookie = secret_of(browser, COOKIE)

    def come_back(_):
        other = service.client()
        other.inner.set_cookie(COOKIE, cookie)
        return bring(other, answer).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(come_back, range(6)))
    assert sorted(answers) == [303, 400, 400, 400, 400, 400]
    assert len(issuer.asked("token")) == 1


def test_two_first_sign_ins_at_once_make_one_account(make_service, database, issuer):
    service = make_service(database, **issuer.settings)
    ready = []
    for _ in range(4):
        browser = service.client()
        ready.append((browser, issuer.answer(leave(browser, issuer))))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda pair: bring(*pair).status_code, ready))
    assert answers == [303] * 4
    assert len({me(browser)["id"] for browser, _ in ready}) == 1
    assert len(identities_in(service)) == 1
