"""`/openapi.json`: a valid description of exactly what is there."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.documented import document_of
from tests.support.service import Client, Service

# Calls of the contract that this version has.
CONTRACT = {
    ("post", "/api/v1/signup"): "202",
    ("post", "/api/v1/signup/confirm"): "201",
    ("post", "/api/v1/login"): "200",
    ("post", "/api/v1/login/link"): "202",
    ("post", "/api/v1/login/link/confirm"): "200",
    ("post", "/api/v1/logout"): "204",
    ("get", "/api/v1/session"): "200",
    ("post", "/api/v1/password/forgot"): "202",
    ("post", "/api/v1/password/reset"): "200",
    ("post", "/api/v1/password/change"): "200",
    ("get", "/api/v1/sessions"): "200",
    ("delete", "/api/v1/sessions"): "204",
    ("delete", "/api/v1/sessions/{id}"): "204",
    ("post", "/api/v1/email/change"): "202",
    ("post", "/api/v1/email/change/confirm"): "200",
    ("get", "/api/v1/me"): "200",
    ("patch", "/api/v1/me"): "200",
    ("delete", "/api/v1/me"): "202",
    ("get", "/api/v1/me/export"): "200",
    ("post", "/api/v1/login/google"): "200",
    ("post", "/api/v1/login/apple"): "200",
    ("get", "/api/v1/me/identities"): "200",
    ("delete", "/api/v1/me/identities/{provider}"): "204",
    ("get", "/api/v1/captcha/challenge"): "200",
    ("post", "/events/apple"): "202",
    ("post", "/events/google"): "202",
    ("post", "/events/mail/{vendor}"): "202",
    ("get", "/api/v1/users"): "200",
    ("post", "/api/v1/users"): "201",
    ("get", "/api/v1/users/{id}"): "200",
    ("patch", "/api/v1/users/{id}"): "200",
    ("delete", "/api/v1/users/{id}"): "204",
    ("post", "/api/v1/users/{id}/password-reset"): "202",
    ("post", "/api/v1/users/{id}/sessions/revoke"): "204",
    ("get", "/api/v1/users/{id}/mail"): "200",
    ("get", "/api/v1/mail"): "200",
    ("get", "/api/v1/audit-events"): "200",
    ("get", "/embed/{language}.json"): "200",
    ("get", "/forward-auth"): "200",
    ("get", "/healthz"): "200",
    ("get", "/readyz"): "200",
    ("get", "/metrics"): "200",
}


WEBHOOKS = {
    *("user.created", "user.updated", "user.email_changed", "user.password_changed", "user.disabled"),
    *("user.deleted", "identity.linked", "identity.unlinked", "session.created", "session.revoked"),
    *("newsletter.subscribed", "newsletter.unsubscribed"),
}


@pytest.fixture
def document(service: Service) -> dict:
    answer = service.client().get("/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    return dict(answer.json)


def test_the_document_is_valid_openapi(document: dict) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_call_of_the_contract_is_described_with_its_success(document: dict) -> None:
    for (method, path), status in CONTRACT.items():
        assert status in document["paths"][path][method]["responses"], f"{method} {path}"


def test_what_is_described_is_there_and_what_is_there_is_described(service: Service, document: dict) -> None:
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    there = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in service.app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/events/", "/embed/<"))
        or rule.rule in ("/forward-auth", "/healthz", "/readyz", "/metrics")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == there


def test_every_operation_says_what_it_does_and_who_may(document: dict) -> None:
    signed_in_only = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            assert "<br" not in operation["description"]
            signed_in_only += operation.get("security") == [{"session": []}]
            for status, response in operation["responses"].items():
                assert response["description"], f"{method} {path} {status}"
                if status[0] in "45" and path.startswith("/api/"):
                    assert list(response["content"]) == ["application/problem+json"]
    assert signed_in_only == 24
    ids = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(set(ids)) == len(ids)
    assert document["components"]["securitySchemes"]["session"]["in"] == "cookie"


def test_bodies_refuse_fields_that_are_not_described(document: dict) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                (media_type,) = operation["requestBody"]["content"]
                assert media_type == "application/json"
                name = operation["requestBody"]["content"][media_type]["schema"]["$ref"].rpartition("/")[2]
                assert document["components"]["schemas"][name]["additionalProperties"] is False


def test_describing_it_again_changes_nothing(service: Service, document: dict) -> None:
    assert document_of(service.app) == service.client().get("/openapi.json").json == document


def test_people_can_read_it(service: Service, document: dict) -> None:
    page = service.client().get("/docs")
    assert page.status_code == 200
    for path in document["paths"]:
        if path.startswith("/api/"):
            assert path in page.text


@pytest.mark.case("ADM-01")
@pytest.mark.parametrize(("method", "path"), sorted(CONTRACT))
def test_a_stranger_gets_nothing_that_needs_a_session(
    service: Service, document: dict, method: str, path: str
) -> None:
    operation = document["paths"][path][method]
    client = Client(service.app.test_client(), service.settings.public_url)
    answer = client.request(
        method.upper(),
        path.replace("{id}", "x")
        .replace("{language}", "x")
        .replace("{provider}", "x")
        .replace("{vendor}", "ses"),
        json={} if "requestBody" in operation else None,
    )
    if operation.get("security") and {} not in operation["security"]:
        assert answer.status_code == 401 or ("requestBody" in operation and answer.status_code == 422)
    elif path.startswith(("/events/", "/api/v1/captcha/")):
        assert answer.status_code == 404  # nobody who could send any is configured, nor is a captcha
    else:
        assert answer.status_code in (200, 204, 422)


def test_every_event_that_services_are_told_of_is_described(service: Service, document: dict) -> None:
    assert set(document["webhooks"]) == WEBHOOKS
    body = document["webhooks"]["session.created"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert set(body["required"]) == {"type", "timestamp", "data"}
    assert body["properties"]["type"]["const"] == "session.created"
    data = document["components"]["schemas"][body["properties"]["data"]["$ref"].rpartition("/")[2]]
    assert set(data["properties"]) == {"user_id", "session_id", "amr"}
    page = service.client().get("/docs").text
    assert "newsletter.unsubscribed" in page
    assert "webhook-signature" in page
