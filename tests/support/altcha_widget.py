"""What ALTCHA's widget does in a browser, with ALTCHA's own library."""

from typing import Any

from altcha import Challenge, Payload, solve_challenge


def solve(task: dict[str, Any]) -> str:
    """Solve a task of the challenge endpoint; the token is for the form."""
    challenge = Challenge.from_dict(task)
    solution = solve_challenge(challenge)
    assert solution is not None
    return Payload(challenge, solution).to_base64()
