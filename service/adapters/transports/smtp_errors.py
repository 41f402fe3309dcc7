"""What an SMTP error means: later, never, or a case for the operator."""

import re
import smtplib
import ssl

from service.adapters.transports.smtp_client import SmtpClient, readable
from service.core.mail import DeliveryRefused, TransportTrouble

ADDRESS = re.compile(r"\S+@\S+")
Trouble = TransportTrouble | DeliveryRefused


class NeedsOperator(TransportTrouble):
    """The server will go on refusing until somebody changes something: credentials, certificate, sender."""

    @property
    def logged(self) -> str:
        """The answer without the addresses servers like to repeat."""
        return ADDRESS.sub("<address>", self.answer)


def classify(error: Exception, client: SmtpClient | None) -> Trouble:
    """Return our exception for a library's. `client` is the one a letter was on, None while connecting.

    Only a 5xx to the recipient or to the letter itself is final for the letter; the server turning us away
    or the sender is no fault of the reader's. Until the recipient is named, trouble is about the server.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, reply)] = error.recipients.values()
        return _about_the_letter(code, reply, about_recipient=True)
    if isinstance(error, smtplib.SMTPDataError):
        if client is not None and client.unanswered:
            return TransportTrouble(readable(error.smtp_code, error.smtp_error), may_have_left=True)
        return _about_the_letter(error.smtp_code, error.smtp_error, about_recipient=False)
    about_server = client is None or not client.recipient_named
    if isinstance(error, smtplib.SMTPResponseException):
        answer = readable(error.smtp_code, error.smtp_error)
        kind = NeedsOperator if 500 <= error.smtp_code <= 599 else TransportTrouble
        return kind(answer, about_server=about_server)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        lost = client is not None and client.unanswered
        return TransportTrouble(_described(error), may_have_left=lost, about_server=about_server)
    if isinstance(error, smtplib.SMTPException | ssl.SSLError | ValueError):
        # STARTTLS or AUTH not offered, a certificate nobody vouches for, credentials SMTP cannot carry
        return NeedsOperator(_described(error), about_server=about_server)
    return TransportTrouble(_described(error), about_server=about_server)


def _about_the_letter(code: int, reply: bytes | str, *, about_recipient: bool) -> Trouble:
    answer = readable(code, reply)
    if 500 <= code <= 599:
        return DeliveryRefused(answer, about_recipient=about_recipient)
    return TransportTrouble(answer)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
