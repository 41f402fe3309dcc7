"""The errand that tells a client of a sign-out (OpenID Connect Back-Channel Logout 1.0)."""

from dataclasses import dataclass

import httpx2

from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.values import OutboxRow
from service.flows.provider_logout import ProviderLogout

TIMEOUT = httpx2.Timeout(5.0)


@dataclass(frozen=True)
class BackchannelLogout:
    """Signs the word when it is sent, so that it is fresh however long the client was away."""

    logout: ProviderLogout
    transport: httpx2.BaseTransport

    def __call__(self, row: OutboxRow) -> str:
        """Tell. Raises `TransportTrouble`, and `DeliveryRefused` where nobody wants to be told any more."""
        told = self.logout.logout_token(
            client_id=row.context["client"], subject=row.context["subject"], grant=row.context["grant"]
        )
        if told is None:
            raise DeliveryRefused("the client is gone, or is not told any more")
        uri, token = told
        try:
            with httpx2.Client(transport=self.transport, timeout=TIMEOUT) as client:
                answer = client.post(uri, data={"logout_token": token})
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise TransportTrouble(f"the client cannot be reached: {type(error).__name__}") from error
        if answer.status_code == 400:  # it says that the word is wrong: saying it again would not help
            raise DeliveryRefused("the client refused the logout token")
        if not answer.is_success:
            raise TransportTrouble(f"the client answered {answer.status_code}")
        return f"{answer.status_code}"
