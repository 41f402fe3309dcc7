"""A mail transport that follows a script."""

from service.core.mail import OutgoingMail


class Scripted:
    """Answers as told, the last answer over and over, and keeps what it was given."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = answers
        self.letters: list[OutgoingMail] = []

    def __repr__(self) -> str:
        return "a server of the tests"

    def send(self, mail: OutgoingMail) -> str:
        answer = self.answers[min(len(self.letters), len(self.answers) - 1)]
        self.letters.append(mail)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check(self) -> None: ...

    def close(self) -> None: ...
