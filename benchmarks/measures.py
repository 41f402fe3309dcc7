"""What is measured on one database, in bursts that take turns."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import TypeVar
from uuid import uuid4

from benchmarks import raw
from benchmarks.load import Burst, Outcome, ask, get, post, run
from benchmarks.readers import PASSWORD, Readers
from benchmarks.servers import Server

T = TypeVar("T")
SESSION_PATH, PROXY_PATH = "/api/v1/session", "/forward-auth"
FORM = "application/x-www-form-urlencoded"
ADDRESSES = 2000
"""How many addresses a burst of sign-ins, reset requests or sign-ups goes round."""
EVERYDAY = ("session checks", "sign-ins", "reset requests")
CROWD = 500
"""How many sign in at once to see that memory is bounded."""


@dataclass(frozen=True)
class Pace:
    """How many rounds, and how many seconds a burst of quick and of slow requests takes."""

    rounds: int
    quick: float
    slow: float


@dataclass(frozen=True)
class Samples:
    """The bursts of one kind: rate and refusals of each, and the latencies of all in seconds."""

    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return median(self.rates)

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1000 if self.latencies else 0.0

    def add(self, outcome: Outcome) -> None:
        self.rates.append(outcome.rate)
        self.latencies.extend(outcome.latencies)
        self.refused.append(outcome.refused)

    def ratio(self, other: "Samples") -> float:
        """The median of the rounds' ratios: neighbouring bursts had the same weather."""
        pairs = zip(self.rates, other.rates, strict=True)
        return median(one / two for one, two in pairs if two) if any(other.rates) else 0.0


@dataclass(frozen=True)
class Contest:
    """The servers on one database, its readers, and the processes that send the load."""

    servers: Mapping[str, Server]
    readers: Readers
    senders: Executor
    pace: Pace
    turns: Iterator[int] = field(default_factory=count)

    def run(self) -> dict[str, Samples]:
        """Measure everything, by name of the work."""
        quick, slow = self.pace.quick, self.pace.slow
        found: dict[str, Samples] = defaultdict(Samples)
        self.warm_up()
        for _ in range(self.pace.rounds):
            for name in self.servers:
                found[f"checks, {name}"].add(self._send(self._checks(quick, name)))
            found["proxies"].add(self._send(self._checks(quick, path=PROXY_PATH)))
            found["introspection"].add(self._send(self._introspections(quick)))
            found["tokens"].add(self._send(self._tokens(quick)))
        for _ in range(self.pace.rounds):
            found["sign-ins"].add(self._send(self._sign_ins(slow)))
            found["raw hashes"].rates.append(self._raw_hashes(slow))
        for _ in range(self.pace.rounds):
            found["resets, known"].add(self._send(self._resets(quick, self._known())))
            found["resets, unknown"].add(self._send(self._resets(quick, self._unknown())))
            found["raw commits"].rates.append(self._elsewhere(raw.commits, quick))
            found["sign-ups"].add(self._send(self._sign_ups(slow)))
        for _ in range(self.pace.rounds):
            found["checks, idle"].add(self._send(self._checks(quick)))
            found["checks, busy"].add(self._checks_among_sign_ins())
        return found

    def checks(self, wanted: int) -> None:
        """Send the service at least so many session checks."""
        answered = 0
        while answered < wanted:
            answered += self._send(self._checks(1)).answers

    def crowd(self) -> float:
        """Let 500 readers sign in at once; return the most memory the service held meanwhile, in MiB."""
        most, service = 0.0, self.servers["service"]
        storm = self.senders.submit(run, self._sign_ins(self.pace.slow, connections=CROWD))
        while not storm.done():
            most = max(most, service.memory)
            time.sleep(0.02)
        storm.result()
        return most

    def everyday(self, work: str) -> Outcome:
        """Send one burst of what is to be as fast with many accounts as with few."""
        bursts = {
            "session checks": lambda: self._checks(self.pace.quick),
            "sign-ins": lambda: self._sign_ins(self.pace.slow),
            "reset requests": lambda: self._resets(self.pace.quick, self._known()),
        }
        return self._send(bursts[work]())

    def warm_up(self) -> None:
        """Open connections, compile statements, fill caches."""
        for name in self.servers:
            self._send(self._checks(0.3, name))
        for burst in (self._sign_ins(0.3), self._resets(0.3, self._unknown()), self._sign_ups(0.3)):
            self._send(burst)

    def _send(self, burst: Burst) -> Outcome:
        return self._elsewhere(run, burst)

    def _raw_hashes(self, seconds: float) -> float:
        return self._elsewhere(raw.hashes, self.readers.password_hash, PASSWORD, seconds)

    def _elsewhere(self, work: Callable[..., T], *arguments: object) -> T:
        print(".", end="", file=sys.stderr, flush=True)
        return self.senders.submit(work, *arguments).result()

    def _checks_among_sign_ins(self) -> Outcome:
        storm = self.senders.submit(run, self._sign_ins(self.pace.slow))
        time.sleep(0.3)  # until the storm has filled the hash pool
        outcome = self._send(self._checks(self.pace.slow - 0.6))
        storm.result()
        return outcome

    def _checks(self, seconds: float, name: str = "service", path: str = SESSION_PATH) -> Burst:
        requests = [get(path, f"masthead={secret}") for secret in self.readers.secrets]
        return Burst(self.servers[name].port, requests, seconds)

    def _tokens(self, seconds: float) -> Burst:
        form = "grant_type=client_credentials&scope=users%3Aread"
        request = post("/oauth/token", form, FORM, authorization=self.readers.client)
        return Burst(self.servers["service"].port, [request], seconds)

    def _introspections(self, seconds: float) -> Burst:
        port = self.servers["service"].port
        issued = json.loads(ask(port, self._tokens(0).requests[0]))
        form = f"token={issued['access_token']}"
        return Burst(
            port, [post("/oauth/introspect", form, FORM, authorization=self.readers.client)], seconds
        )

    def _sign_ins(self, seconds: float, connections: int = 8) -> Burst:
        bodies = [{"email": address, "password": PASSWORD} for address in self._known()]
        return self._posts("/api/v1/login", bodies, seconds, connections=connections)

    def _resets(self, seconds: float, addresses: Sequence[str]) -> Burst:
        bodies = [{"email": address} for address in addresses]
        return self._posts("/api/v1/password/forgot", bodies, seconds, expect=202)

    def _sign_ups(self, seconds: float) -> Burst:
        bodies = [{"email": address, "password": str(uuid4())} for address in self._unknown()]
        return self._posts("/api/v1/signup", bodies, seconds, connections=8, expect=202)

    def _posts(
        self,
        path: str,
        bodies: Sequence[Mapping[str, str]],
        seconds: float,
        *,
        connections: int = 16,
        expect: int = 200,
    ) -> Burst:
        requests = [post(path, json.dumps(body)) for body in bodies]
        return Burst(self.servers["service"].port, requests, seconds, connections, expect)

    def _known(self) -> Sequence[str]:
        addresses = self.readers.addresses
        start = next(self.turns) * ADDRESSES % len(addresses)
        return [*addresses[start:], *addresses[:start]][:ADDRESSES]

    def _unknown(self) -> Sequence[str]:
        turn = next(self.turns)
        return [f"nobody-{turn}-{number}@example.org" for number in range(ADDRESSES)]
