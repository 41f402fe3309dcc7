"""Who acts in these stories: accounts made by staff, browsers, and what the database holds about them."""

from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select, text

from service.store.schema import SessionRow, UserRow
from tests.support import people
from tests.support.service import Client

ADDRESS, PASSWORD, OTHER_PASSWORD, STAFF = people.ADDRESS, people.PASSWORD, people.ANOTHER, people.VISIT
join = people.add_reader
STRANGER = "nobody@example.org"
SESSION = "masthead"


def log_in(browser, email=ADDRESS, password=PASSWORD, **more):
    return browser.post("/api/v1/login", {"email": email, "password": password, **more})


def signed_in(service, email=ADDRESS, password=PASSWORD, **more):
    """A new browser with a session."""
    browser = service.client()
    assert log_in(browser, email, password, **more).status_code == 200
    return browser


def secret_of(browser, name=SESSION):
    """What a browser's cookie carries."""
    cookie = browser.inner.get_cookie(name)
    return cookie.value if cookie else None


def with_cookies(service, header):
    """A browser that sends exactly this Cookie header, whatever it is told."""
    browser = Client(service.app.test_client(use_cookies=False), service.settings.public_url)
    browser.headers |= {"Cookie": header}
    return browser


def thief_of(service, browser):
    """A browser with a copy of another one's session cookie."""
    return with_cookies(service, f"{SESSION}={secret_of(browser)}")


def is_in(browser):
    """Whether a browser is signed in, asked by the gate in front, by Flask, and by the page."""
    by_gate = browser.get("/api/v1/session", headers={"Origin": None})
    by_flask = browser.get("/api/v1/session")
    by_page = browser.get("/account", headers={"Origin": None})
    answers = (by_gate.status_code, by_flask.status_code, by_page.status_code)
    assert answers in ((200, 200, 200), (401, 401, 303)), f"the doors disagree: {answers}"
    return answers[0] == 200


def letters_to(service, address=ADDRESS):
    """The letters to an address after the worker has done its work."""
    service.deliver()
    return service.mailbox.to(address)


def token_in(letter, path):
    return parse_qs(urlsplit(letter.link(path)).query)["token"][0]


def code_of(answer):
    return answer.json["code"]


def problems_of(answer):
    """The field errors of a 422 as {field: code}."""
    assert answer.status_code == 422, answer.text
    return {error["field"]: error["code"] for error in answer.json["errors"]}


def user_row(service, address=ADDRESS):
    """The account of an address as the database has it, None for none."""
    with service.parts.store.engine.connect() as connection:
        row = connection.execute(select(UserRow.__table__).where(UserRow.canonical == address)).mappings()
        found = row.one_or_none()
    return dict(found) if found else None


def count_of(service, table, *conditions):
    """How many rows of a table meet the conditions."""
    with service.parts.store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def sessions_in_store(service):
    return count_of(service, SessionRow)


def change(service, statement):
    """Change the database behind the service's back."""
    with service.parts.store.engine.execution_options(masthead_write=True).begin() as connection:
        connection.execute(statement)


def everything_stored(service):
    """All rows of all tables as one text."""
    with service.parts.store.engine.connect() as connection:
        return "\n".join(
            repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
            for table in UserRow.metadata.sorted_tables
            for row in connection.execute(text(f"SELECT * FROM {table.name}"))
        )
