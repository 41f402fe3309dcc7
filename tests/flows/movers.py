"""The steps of a change of address, as its reader takes them."""

from tests.flows.people import ADDRESS, PASSWORD, letters_to, token_in

NEW, TYPO = "ada@example.net", "adda@example.net"
CONFIRM, UNDO = "/account/email/confirm", "/account/email/undo"


def ask(browser, email=NEW, password=PASSWORD):
    body = {"email": email} | ({"current_password": password} if password else {})
    return browser.post("/api/v1/email/change", body)


def confirm(browser, token):
    return browser.post("/api/v1/email/change/confirm", {"token": token})


def asked(service, browser, email=NEW):
    """Ask, and return the token in the letter to the new address."""
    assert ask(browser, email).status_code == 202
    return token_in(letters_to(service, email)[-1], CONFIRM)


def moved(service, browser, email=NEW):
    """Change the address from beginning to end."""
    assert confirm(browser, asked(service, browser, email)).status_code == 200


def undo_token(service, address=ADDRESS):
    letters = [
        letter for letter in letters_to(service, address) if "was changed" in letter.message["Subject"]
    ]
    return token_in(letters[-1], UNDO)


def undo(service, token):
    """Follow the link back in a new browser, and press its button."""
    browser = service.client()
    page = browser.follow(browser.get(f"{UNDO}?token={token}"))
    return browser.form(UNDO) if page.status_code == 200 else page


def subjects(service, address):
    return [letter.message["Subject"] for letter in letters_to(service, address)]
