"""`flask users`: what staff do from a shell, by the same rules as everywhere."""

from uuid import UUID

import pytest
from pyotp import TOTP
from sqlalchemy import text

from tests.cli.conftest import Run, printed
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, add_reader, signed_in
from tests.support.service import Service


def audited(service: Service, user_id: str) -> list[str]:
    events = text("SELECT kind FROM audit_events WHERE user_id = :id ORDER BY id")
    stored = user_id if service.parts.store.engine.dialect.name == "postgresql" else UUID(user_id).hex
    with service.parts.store.engine.connect() as connection:
        return list(connection.execute(events, {"id": stored}).scalars())


@pytest.mark.case("ADM-03", "ADM-04")
def test_a_new_account_is_the_user_of_the_contract_and_can_sign_in(service: Service, run: Run) -> None:
    user = printed(
        run(
            *("users", "create", "Reader@Example.org", "--password-stdin", "--name", "Zoë", "--json"),
            *("--role", "editor", "--role", "admin", "--role", "editor"),
            stdin=f"{PASSWORD}\r\n",
        )
    )
    assert list(user) == [
        *("id", "email", "email_verified", "name", "locale", "roles"),
        *("has_password", "providers", "created_at"),
    ]
    assert user["email"] == "Reader@example.org"
    assert (user["email_verified"], user["has_password"]) == (True, True)
    assert (user["name"], user["roles"], user["providers"]) == ("Zoë", ["editor", "admin"], [])
    assert signed_in(service, "reader@example.org").get("/api/v1/session").json["user"] == user
    assert audited(service, user["id"])[0] == "user.created"


def test_for_people_it_prints_a_line(run: Run) -> None:
    result = run("users", "create", ADDRESS)
    assert result.exit_code == 0
    assert result.stdout.strip().endswith(f"  {ADDRESS}")


def test_an_account_without_a_password_and_unproven(service: Service, run: Run) -> None:
    user = printed(run("users", "create", ADDRESS, "--unverified", "--json"))
    assert (user["email_verified"], user["has_password"], user["name"], user["roles"]) == (
        *(False, False),
        *(None, []),
    )
    answer = service.client().post("/api/v1/login", {"email": ADDRESS, "password": ""})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (("nobody",), None, "invalid_email"),
        (("mıke@example.org",), None, "invalid_email"),
        ((ADDRESS, "--name", "a\u202eb"), None, "invalid_text"),
        ((ADDRESS, "--password-stdin"), "short\n", "password_too_short"),
        ((ADDRESS, "--password-stdin"), "", "password_too_short"),
        ((ADDRESS, "--password-stdin"), "password\n", "password_breached"),
    ],
)
def test_what_readers_may_not_staff_may_not(
    service: Service, run: Run, arguments: tuple[str, ...], stdin: str | None, code: str
) -> None:
    result = run("users", "create", *arguments, stdin=stdin)
    assert result.exit_code == 1
    assert code in result.stderr
    assert "Traceback" not in result.output
    with service.parts.store.read() as uow:
        assert uow.users.by_address(ADDRESS) is None


def test_an_address_is_taken_once(run: Run) -> None:
    assert run("users", "create", ADDRESS).exit_code == 0
    result = run("users", "create", ADDRESS.upper())
    assert result.exit_code == 1
    assert "email_taken" in result.stderr


@pytest.mark.case("ADM-03")
def test_a_disabled_account_is_out_at_once_until_it_is_enabled(service: Service, run: Run) -> None:
    user = add_reader(service)
    client = signed_in(service)
    assert printed(run("users", "disable", str(user.id), "--json"))["id"] == str(user.id)
    assert client.get("/api/v1/session").status_code == 401
    right = {"email": ADDRESS, "password": PASSWORD}
    answer = service.client().post("/api/v1/login", right)
    assert (answer.status_code, answer.json["code"]) == (403, "account_disabled")
    assert run("users", "disable", str(user.id)).exit_code == 0
    printed(run("users", "enable", str(user.id), "--json"))
    assert service.client().post("/api/v1/login", right).status_code == 200
    kinds = audited(service, str(user.id))
    assert (kinds.count("user.disabled"), kinds.count("user.enabled")) == (1, 1)


@pytest.mark.case("ADM-02", "ADM-03")
def test_a_reset_by_staff_mails_the_owner_and_ends_sessions(service: Service, run: Run) -> None:
    user = add_reader(service)
    client = signed_in(service)
    result = run("users", "password-reset", str(user.id))
    assert result.exit_code == 0
    assert "token" not in result.output
    assert client.get("/api/v1/session").status_code == 401
    service.deliver()
    (letter,) = service.mailbox.to(ADDRESS)
    token = letter.link("/reset-password").partition("token=")[2]
    done = client.post("/api/v1/password/reset", {"token": token, "password": ANOTHER})
    assert done.status_code == 200
    assert "password.reset_sent" in audited(service, str(user.id))


@pytest.mark.parametrize("command", ["disable", "enable", "password-reset"])
@pytest.mark.parametrize(
    ("user_id", "exit_code", "said"),
    [("00000000-0000-7000-8000-000000000000", 1, "not_found"), ("not-an-id", 2, "Invalid value for 'ID'")],
)
def test_an_id_nobody_has_is_an_error(
    run: Run, command: str, user_id: str, exit_code: int, said: str
) -> None:
    result = run("users", command, user_id)
    assert result.exit_code == exit_code
    assert said in result.stderr


@pytest.mark.case("MFA-11")
def test_staff_turn_the_second_factor_of_a_locked_out_reader_off(service: Service, run: Run) -> None:
    add_reader(service)
    reader = signed_in(service)
    user_id = reader.get("/api/v1/session").json["user"]["id"]
    offered = reader.post("/api/v1/me/mfa/totp", {"current_password": PASSWORD}).json
    code = TOTP(offered["secret"]).now()
    assert reader.post("/api/v1/me/mfa/totp/confirm", {"code": code}).status_code == 200
    asked = service.client().post("/api/v1/login", {"email": ADDRESS, "password": PASSWORD})
    assert asked.json["code"] == "mfa_required"
    assert printed(run("users", "second-factor-off", user_id, "--json"))["id"] == user_id
    assert reader.get("/api/v1/session").status_code == 401
    assert signed_in(service).get("/api/v1/me/mfa/recovery-codes").json == {"remaining": 0}
    assert "mfa.disabled" in audited(service, user_id)
    late = {"mfa_token": asked.json["mfa_token"], "method": "totp", "code": code}
    assert service.client().post("/api/v1/login/mfa", late).json["code"] == "expired_token"
    assert run("users", "second-factor-off", user_id).exit_code != 0


@pytest.mark.case("ADM-03", "ADM-05")
def test_an_account_is_given_roles_and_loses_them(service: Service, run: Run) -> None:
    user = add_reader(service)
    browser = signed_in(service)
    given = printed(run("users", "roles", str(user.id), "--role", "admin", "--role", "editor", "--json"))
    assert given["roles"] == ["admin", "editor"]
    assert browser.get("/api/v1/session").status_code == 401
    assert audited(service, str(user.id))[-2:] == ["user.updated", "session.revoked_all"]
    again = signed_in(service)
    assert printed(run("users", "roles", str(user.id), "--role", "admin", "--role", "editor", "--json"))
    assert again.get("/api/v1/session").status_code == 200
    assert printed(run("users", "roles", str(user.id), "--json"))["roles"] == []
    assert again.get("/api/v1/session").status_code == 401


def test_what_is_no_role_or_nobody_is_refused(service: Service, run: Run) -> None:
    user = add_reader(service)
    refused = run("users", "roles", str(user.id), "--role", "a,b")
    assert (refused.exit_code, "invalid_role" in refused.stderr) == (1, True)
    missing = run("users", "roles", "00000000-0000-7000-8000-000000000000", "--role", "admin")
    assert (missing.exit_code, "not_found" in missing.stderr) == (1, True)


@pytest.mark.case("ADM-05")
def test_a_fresh_service_knows_nobody(service: Service) -> None:
    assert service.parts.flows.directory.users(cursor=None, limit=1).items == []
    for name in ("admin", "root", "masthead"):
        tried = {"email": f"{name}@example.org", "password": name}
        assert service.client().post("/api/v1/login", tried).status_code == 401
