"""The second step by pages without scripts: turned on, asked for, renewed, turned off."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp import TOTP

from tests.flows.people import is_in
from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, PASSWORD, add_reader, signed_in
from tests.web.conftest import errors_beside, heading

STEP, PAGE = "/login/mfa", "/account/second-factor"
WRONG = "This code is not right, or it was used already. Wait for the next one and try again."


class Owner:
    """A reader at a browser of their own, with an authenticator app; each code is of the next half minute."""

    def __init__(self, service, clock):
        add_reader(service)
        self.service, self.clock = service, clock
        self.browser = signed_in(service)
        self.secret, self.codes = "", []

    def send(self, path, page, **fields):
        """Send a form of a page that is open."""
        data = hidden_fields(page.text) | fields
        return self.browser.request("POST", path, data=data)

    def begin(self, **fields):
        page = self.send(f"{PAGE}/begin", self.browser.get(PAGE), **({"current_password": PASSWORD} | fields))
        uri = re.search(r'href="(otpauth:[^"]+)"', page.text)
        if uri:
            self.secret = parse_qs(urlsplit(html.unescape(uri[1])).query)["secret"][0]
        return page

    def turn_on(self):
        done = self.send(f"{PAGE}/confirm", self.begin(), code=self.code())
        assert done.status_code == 200, done.text
        self.codes = codes_on(done)
        return done

    def code(self):
        self.clock.advance(seconds=30)
        return TOTP(self.secret).at(self.clock())

    def log_in(self, next_page=""):
        """With the password, from a new browser, as far as the second step."""
        self.browser = self.service.client()
        return self.browser.form(f"/login?next={next_page}", email=ADDRESS, password=PASSWORD)


@pytest.fixture
def owner(clock, service):
    return Owner(service, clock)


@pytest.fixture
def waiting(owner):
    """The owner of a second step, with the password typed."""
    owner.turn_on()
    owner.log_in()
    return owner


def codes_on(page):
    return re.findall(r"<li><code>([a-z2-7-]{27})</code></li>", page.text)


def test_an_app_is_set_up_with_a_picture_a_link_and_a_key_to_type(owner):
    assert "Signing in also asks" not in owner.browser.get(PAGE).text
    page = owner.begin()
    assert heading(page) == "Set up your authenticator app"
    (key,) = re.findall(r'<code class="key"[^>]*>([^<]+)</code>', page.text)
    assert key.replace(" ", "") == owner.secret
    assert max(map(len, key.split())) == 4
    picture = re.search(r'<img class="qr" src="data:image/svg\+xml[^"]+"[^>]*alt="[^"]+"', page.text)
    assert picture
    assert page.headers["Cache-Control"] == "no-store"


def test_turning_it_on_shows_ten_codes_once_and_ends_every_other_session(owner):
    other = signed_in(owner.service)
    done = owner.turn_on()
    assert heading(done) == "Your recovery codes"
    assert len(set(owner.codes)) == 10
    assert "You are signed out everywhere else." in done.text
    assert "recovery-codes.txt" in done.text
    assert (is_in(owner.browser), is_in(other)) == (True, False)
    assert owner.send("/logout", done).status_code == 303  # the page's forms belong to the renewed session
    owner.log_in()
    owner.send(STEP, owner.browser.get(STEP), code=owner.code())
    overview = owner.browser.get(PAGE)
    assert "<dd>\n          10" in overview.text
    assert owner.codes[0] not in overview.text


def test_a_wrong_first_code_leaves_it_off_and_shows_the_key_no_more(owner):
    page = owner.begin()
    refused = owner.send(f"{PAGE}/confirm", page, code="000000")
    assert refused.status_code == 401
    assert errors_beside(refused, "code") == [WRONG]
    assert owner.secret not in refused.text.replace(" ", "")
    assert owner.log_in().headers["Location"] == "/account"


def test_setting_it_up_asks_for_the_password(owner):
    refused = owner.begin(current_password="wrong")
    assert refused.status_code == 401
    assert heading(refused) == "Second step"
    assert "is not right" in refused.text


def test_who_sets_it_up_too_slowly_starts_again(owner):
    page = owner.begin()
    owner.clock.advance(minutes=31)
    late = owner.send(f"{PAGE}/confirm", page, code=owner.code())
    assert (late.status_code, late.headers["Location"]) == (303, PAGE)
    assert "took too long" in owner.browser.follow(late).text


@pytest.mark.parametrize("step", ["begin", "confirm", "codes", "remove"])
def test_a_step_opened_by_its_address_leads_to_the_page(reader, step):
    answer = reader.get(f"{PAGE}/{step}")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)


def test_signing_in_asks_for_a_code_and_goes_on_to_where_the_reader_wanted(owner):
    owner.turn_on()
    begun = owner.log_in("/account/devices")
    assert (begun.status_code, begun.headers["Location"]) == (303, STEP)
    assert not is_in(owner.browser)
    page = owner.browser.follow(begun)
    assert heading(page) == "One more step"
    (field,) = re.findall(r'<input id="code"[^>]*>', page.text)
    for attribute in ('autocomplete="one-time-code"', 'inputmode="numeric"', 'enterkeyhint="go"'):
        assert attribute in field
    code = owner.code()
    done = owner.send(STEP, page, code=f" {code[:3]} {code[3:]} ")
    assert (done.status_code, done.headers["Location"]) == (303, "/account/devices")
    assert is_in(owner.browser)
    assert owner.browser.inner.get_cookie("masthead-second-step") is None


@pytest.mark.parametrize(
    ("next_page", "location"),
    [("/account/devices", "/account/devices"), ("https://evil.example/", "/account"), ("", "/account")],
)
def test_the_way_from_the_dialog_leads_back_to_where_it_came_from(waiting, next_page, location):
    page = waiting.browser.get(STEP, query_string={"next": next_page})
    done = waiting.send(STEP, page, code=waiting.code())
    assert (done.status_code, done.headers["Location"]) == (303, location)


def test_a_recovery_code_works_once_and_in_capitals(waiting):
    page = waiting.browser.get(STEP)
    assert 'href="?recovery=1"' in page.text
    page = waiting.browser.get(f"{STEP}?recovery=1")
    assert 'inputmode="text"' in page.text
    done = waiting.send(STEP, page, code=waiting.codes[3].upper())
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    waiting.log_in()
    again = waiting.send(f"{STEP}?recovery=1", waiting.browser.get(STEP), code=waiting.codes[3])
    assert again.status_code == 401
    assert 'inputmode="text"' in again.text
    assert errors_beside(again, "code") == [WRONG]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [("000000", 401, WRONG), ("", 422, "This field is required."), ("   ", 422, "This field is required.")],
)
def test_what_is_wrong_with_a_code_stands_beside_it(waiting, typed, status, said):
    page = waiting.browser.get(STEP, query_string={"next": "/account/devices"})
    refused = waiting.send(STEP, page, code=typed)
    assert refused.status_code == status
    assert errors_beside(refused, "code") == [said]
    assert "<title>Error:" in refused.text
    done = waiting.send(STEP, refused, code=waiting.code())
    assert done.headers["Location"] == "/account/devices"


def test_after_five_wrong_codes_the_sign_in_begins_anew(waiting):
    page = waiting.browser.get(STEP, query_string={"next": "/account/devices"})
    answers = [waiting.send(STEP, page, code="000000") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 303]
    assert answers[-1].headers["Location"] == "/login?next=%2Faccount%2Fdevices"
    assert "Too many wrong codes. Start again." in waiting.browser.follow(answers[-1]).text
    assert waiting.browser.get(STEP).status_code == 303


def test_whoever_has_to_wait_is_told_how_long(clock, make_service, sqlite_url):
    limited = Owner(make_service(sqlite_url, rate_limit_scale=1), clock)
    limited.turn_on()
    limited.log_in()
    page = limited.browser.get(STEP)
    for _ in range(5):
        limited.send(STEP, page, code="000000")
    limited.log_in()
    answer = limited.send(STEP, limited.browser.get(STEP), code=limited.code())
    assert answer.status_code == 429
    assert heading(answer) == "A short pause"
    assert int(answer.headers["Retry-After"]) > 0
    assert "It should work again in" in answer.text


@pytest.mark.case("SES-16")
def test_a_sign_in_that_waited_too_long_begins_anew(waiting):
    page = waiting.browser.get(STEP)
    waiting.clock.advance(minutes=11)
    for late in (waiting.browser.get(STEP), waiting.send(STEP, page, code=waiting.code())):
        assert (late.status_code, late.headers["Location"]) == (303, "/login")
    assert "This sign-in took too long. Start again." in waiting.browser.follow(late).text


@pytest.mark.parametrize("late", [True, False], ids=["late", "too many wrong codes"])
def test_whoever_begins_anew_still_comes_back_to_where_they_wanted(owner, late):
    owner.turn_on()
    owner.log_in("/account/devices")
    page = owner.browser.get(STEP)
    if late:
        owner.clock.advance(minutes=11)
    answers = [owner.send(STEP, page, code="000000") for _ in range(1 if late else 5)]
    assert answers[-1].headers["Location"] == "/login?next=%2Faccount%2Fdevices"


def test_a_way_back_that_no_database_takes_is_left_out(clock, make_service, database):
    owner = Owner(make_service(database), clock)
    owner.turn_on()
    assert owner.log_in("/%00").headers["Location"] == STEP
    done = owner.send(STEP, owner.browser.get(STEP), code=owner.code())
    assert (done.status_code, done.headers["Location"]) == (303, "/account")


def test_another_account_s_sign_in_or_a_sign_out_forgets_who_waited(waiting):
    add_reader(waiting.service, "else@example.org")
    waiting.browser.form("/login", email="else@example.org", password=PASSWORD)
    assert waiting.browser.inner.get_cookie("masthead-second-step") is None
    assert ADDRESS not in waiting.browser.follow(waiting.browser.get(STEP)).text
    waiting.browser.form("/login?again=1", email=ADDRESS, password=PASSWORD)
    assert waiting.browser.get(STEP).status_code == 200
    waiting.browser.form("/logout")
    assert waiting.browser.inner.get_cookie("masthead-second-step") is None


def test_whoever_goes_back_to_the_step_after_it_hears_of_no_trouble(waiting):
    page = waiting.browser.get(STEP, query_string={"next": "/account/devices"})
    assert waiting.send(STEP, page, code=waiting.code()).status_code == 303
    for late in (waiting.browser.get(f"{STEP}?next=/account/devices"), waiting.browser.get(STEP)):
        way = waiting.browser.follow(late)
        assert way.headers["Location"] in ("/account/devices", "/account")
        assert "took too long" not in waiting.browser.follow(way).text


def test_without_a_sign_in_that_waits_there_is_no_second_step(client):
    answer = client.get(f"{STEP}?next=/account/devices")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Faccount%2Fdevices")


def test_the_ways_on_are_those_the_account_has(waiting):
    page = waiting.browser.get(STEP)
    assert "Use a passkey" not in page.text
    assert 'href="/login"' in page.text
    assert "Contact support</a>" in page.text
    waiting.browser = signed_in_with_code(waiting)
    waiting.browser.delete("/api/v1/me/mfa/recovery-codes", {"code": waiting.code()})
    waiting.log_in()
    assert "recovery" not in waiting.browser.get(STEP).text


def signed_in_with_code(owner):
    owner.log_in()
    assert owner.send(STEP, owner.browser.get(STEP), code=owner.code()).status_code == 303
    return owner.browser


def test_right_after_both_steps_nothing_is_asked_again(waiting):
    signed_in_with_code(waiting)
    page = waiting.browser.get(PAGE)
    assert 'name="code"' not in page.text
    renewed = waiting.send(f"{PAGE}/codes", page)
    assert heading(renewed) == "Your recovery codes"
    assert set(codes_on(renewed)).isdisjoint(waiting.codes)


def test_later_new_recovery_codes_take_a_code(waiting):
    signed_in_with_code(waiting)
    waiting.clock.advance(minutes=16)
    page = waiting.browser.get(PAGE)
    for typed, status in (("", 422), ("000000", 401)):
        refused = waiting.send(f"{PAGE}/codes", page, code=typed)
        assert refused.status_code == status
        assert len(errors_beside(refused, "code")) == 1
    renewed = waiting.send(f"{PAGE}/codes", page, code=waiting.codes[0])
    assert len(codes_on(renewed)) == 10
    assert "Those of before no longer work." in renewed.text


def test_turning_it_off_ends_every_other_session_and_asks_no_more(waiting):
    signed_in_with_code(waiting)
    waiting.clock.advance(minutes=16)
    page = waiting.browser.get(PAGE)
    assert waiting.send(f"{PAGE}/remove", page, code="000000").status_code == 401
    done = waiting.send(f"{PAGE}/remove", page, code=waiting.code())
    assert (done.status_code, done.headers["Location"]) == (303, PAGE)
    assert "Your second step is off." in waiting.browser.follow(done).text
    gone = waiting.send(f"{PAGE}/remove", waiting.browser.get(PAGE), current_password=PASSWORD)
    assert (gone.status_code, gone.headers["Location"]) == (303, PAGE)
    assert waiting.log_in().headers["Location"] == "/account"


def test_few_codes_left_are_spoken_of(waiting):
    for code in waiting.codes[:8]:
        waiting.log_in()
        assert waiting.send(STEP, waiting.browser.get(STEP), code=code).status_code == 303
    assert "Make new ones before you run out of them." in waiting.browser.get(PAGE).text
