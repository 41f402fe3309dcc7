"""`flask webhooks`, and what `flask doctor` and the metrics say of them."""

import json
from uuid import uuid4

import pytest

from service.core.webhooks import WebhookType
from tests.cli.conftest import Run, printed, runner
from tests.support.people import ADDRESS, add_reader
from tests.support.service import Service
from tests.support.webhook_receiver import WebhookReceiver


def created(run: Run, receiver: WebhookReceiver, *more: str) -> str:
    made = printed(run("webhooks", "create", receiver.url + "?key=theirs", *more, "--json"))
    assert set(made) == {"id", "secret"}
    receiver.secrets.append(made["secret"])
    return str(made["id"])


def finding(run: Run) -> dict[str, object]:
    (found,) = (
        one for one in json.loads(run("doctor", "--json").stdout)["checks"] if one["check"] == "webhooks"
    )
    return dict(found)


@pytest.mark.case("WHK-06", "WHK-07")
def test_staff_create_rotate_and_replay(service: Service, run: Run, receiver: WebhookReceiver) -> None:
    hook = created(run, receiver, "--event", "user.created", "--event", "user.deleted")
    user = add_reader(service)
    service.deliver()
    listed = run("webhooks", "list", "--json").stdout
    (known,) = json.loads(listed)
    assert (known["id"], known["state"], known["events"]) == (hook, "open", ["user.created", "user.deleted"])
    assert receiver.secrets[0] not in listed
    rotated = printed(run("webhooks", "rotate-secret", hook, "--json"))
    receiver.secrets[:] = [rotated["secret"]]
    (first,) = receiver.taken
    assert printed(run("webhooks", "replay", hook, "--event-id", first.id, "--json")) == {"queued": 1}
    service.deliver()
    assert [call.id for call in receiver.taken] == [first.id] * 2
    since = run("webhooks", "replay", hook, "--since", "2026-01-01T00:00:00Z")
    assert since.stdout == "1 deliveries queued\n"
    assert receiver.events[0]["data"]["user_id"] == str(user.id)


@pytest.mark.case("WHK-08")
def test_what_was_missed_while_disabled_is_named(
    service: Service, run: Run, receiver: WebhookReceiver
) -> None:
    hook = created(run, receiver)
    assert run("webhooks", "disable", hook).stdout == f"{hook}  disabled\n"
    add_reader(service)
    service.deliver()
    refused = run("webhooks", "replay", hook, "--since", "2026-01-01")
    assert (refused.exit_code, "enable it first" in refused.output) == (1, True)
    assert finding(run)["ok"] is True  # staff know
    enabled = run("webhooks", "enable", hook).stdout
    command = enabled.partition("--app wsgi ")[2].split()
    assert run(*command).exit_code == 0
    service.deliver()
    assert receiver.types == ["user.created"]
    assert run("webhooks", "enable", hook).stdout == f"{hook}  open\n"


@pytest.mark.case("WHK-08")
def test_the_doctor_and_the_metrics_show_a_failing_receiver(
    make_service: "object", sqlite_url: str, receiver: WebhookReceiver
) -> None:
    service = make_service(sqlite_url, metrics_token="t" * 32)  # type: ignore[operator]
    run = runner(service)
    assert finding(run) == {"check": "webhooks", "ok": True, "detail": "none registered"}
    hook = created(run, receiver)
    receiver.answer(503, times=1)
    add_reader(service)
    service.deliver()
    found = finding(run)
    assert found["ok"] is False
    assert f"{hook} (http://127.0.0.1:" in str(found["detail"])
    assert "503 Service Unavailable" in str(found["detail"])
    assert "theirs" not in str(found["detail"])
    metrics = service.client().get("/metrics", headers={"Authorization": f"Bearer {'t' * 32}"}).text
    assert "masthead_webhooks_waiting 1.0" in metrics
    assert "masthead_webhooks_oldest_seconds " in metrics
    assert "masthead_outbox_due 0.0" in metrics
    assert "failing" in run("webhooks", "list").stdout
    receiver.answer(410)
    add_reader(service, f"other.{ADDRESS}")
    service.deliver()
    assert f"webhooks enable {hook}" in str(finding(run)["detail"])


@pytest.mark.case("WHK-01", "WHK-04")
def test_a_place_nothing_is_sent_to_is_refused_with_the_reason(run: Run) -> None:
    for url in (
        "http://169.254.169.254/latest",
        "ftp://127.0.0.1/",
        "http://user:pw@127.0.0.1/",
        "http://127.0.0.1:22/",
    ):
        refused = run("webhooks", "create", url, "--json")
        assert (refused.exit_code, refused.stdout) == (1, ""), url
    unknown = run("webhooks", "create", "https://news.example.org/", "--event", "user.eaten")
    assert "user.eaten: the events are " + ", ".join(WebhookType) in unknown.output
    for command in ("rotate-secret", "disable", "enable"):
        assert run("webhooks", command, str(uuid4())).exit_code == 1
    assert run("webhooks", "replay", str(uuid4())).exit_code == 2
    assert run("webhooks", "replay", str(uuid4()), "--since", "yesterday").exit_code == 2
    assert json.loads(run("webhooks", "list", "--json").stdout) == []
