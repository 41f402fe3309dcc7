"""A bounce as mail servers write it (RFC 3464)."""


def a_bounce(
    to: str, about: str, *, status: str = "5.1.1", action: str = "failed", diagnosis: str = "550 no such user"
) -> bytes:
    return f"""From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {about}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnosis}

--b
Content-Type: message/rfc822

Subject: Choose a new password

Hello
--b--
""".encode()
