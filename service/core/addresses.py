"""E-mail addresses: what is accepted, and the one form in which two of them are compared.

Syntax is email-validator's (RFC 5321, RFC 5322, IDNA 2008 with UTS 46). We cap the length before anything
normalises, and refuse what other software might read as a second address.
"""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from service.core.errors import FieldError, ValidationFailed

LONGEST_ADDRESS = 254  # characters, RFC 5321 section 4.5.3.1.3 with its angle brackets taken off
MOST_BYTES = 320
# full-width and small commercial at turn into "@" under NFKC; "=?" opens an RFC 2047 encoded word
SECOND_READINGS = ("\uff20", "\ufe6b", "=?")


@dataclass(frozen=True)
class Address:
    """A valid address: `email` to write to, `canonical` to look up and to count by.

    `canonical` is the local part in lower case and the domain as lower-case A-label. `international`
    addresses (characters beyond ASCII before the @, RFC 6531) have no account here, so theirs is never
    folded into the ASCII of somebody else's.
    """

    email: str
    canonical: str
    international: bool = False


def parse_address(typed: str) -> Address:
    """Read a typed address, with spaces around it forgiven.

    Raises `ValidationFailed` with `invalid_email`.
    """
    raw = typed.strip(" \t") if len(typed) <= MOST_BYTES else typed
    if len(raw) > LONGEST_ADDRESS or len(raw.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise invalid_email()
    if any(reading in raw for reading in SECOND_READINGS):
        raise invalid_email()
    local, _, _ = raw.rpartition("@")
    international = not local.isascii()
    try:
        # test_environment admits the reserved .test domains: whether mail arrives is for the mail to tell
        valid = validate_email(
            raw, check_deliverability=False, allow_smtputf8=international, test_environment=True
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise invalid_email() from error
    if international:
        return Address(email=raw, canonical=f"{local}@{valid.ascii_domain.lower()}", international=True)
    assert valid.ascii_email is not None
    return Address(email=valid.normalized, canonical=valid.ascii_email.lower())


def parse_own_address(typed: str) -> Address:
    """Read an address somebody wants an account under; international ones are refused, too."""
    address = parse_address(typed)
    if address.international:
        raise invalid_email()
    return address


def invalid_email() -> ValidationFailed:
    return ValidationFailed([FieldError("email", "invalid_email", "Enter a valid email address.")])
