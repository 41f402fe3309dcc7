"""Lanes: whoever works, and however many, one account's events reach a receiver one after the other."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tests.support.people import VISIT, add_reader
from tests.support.service import Service
from tests.support.webhook_receiver import WebhookReceiver, register

READERS, CHANGES = 4, 6


def test_two_workers_keep_every_account_in_order(
    make_service: Callable[..., Service], postgres_url: str, receiver: WebhookReceiver
) -> None:
    offices = [make_service(postgres_url), make_service(postgres_url)]
    # long enough for another sender to overtake, if it could
    receiver.answer(204, before=lambda: time.sleep(0.005))
    register(offices[0], receiver)
    accounts = offices[0].parts.flows.accounts
    readers = [add_reader(offices[0], f"reader{number}@example.org", None) for number in range(READERS)]
    for number in range(CHANGES):
        for reader in readers:
            field: dict[str, Any] = {"name": f"Name {number}"} if number % 2 else {"roles": [f"role{number}"]}
            accounts.change(reader.id, field, VISIT)
    stop = threading.Event()
    workers = [threading.Thread(target=office.parts.worker.run, args=(stop,)) for office in offices]
    for worker in workers:
        worker.start()
    try:
        receiver.wait_for(READERS * (CHANGES + 1), 60)
    finally:
        stop.set()
        for worker in workers:
            worker.join(30)
    heard = defaultdict(list)
    for event in receiver.events:
        heard[event["data"]["user_id"]].append(event["data"].get("fields"))
    in_order = [None, *([["roles"], ["name"]] * (CHANGES // 2))]
    assert dict(heard) == {str(reader.id): in_order for reader in readers}
