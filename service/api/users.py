"""The user API: what services do with accounts, with a token of their own and the scope for it."""

from typing import cast

from flask import Response, jsonify, request
from flask_openapi3 import Tag

from service.api.answers import no_content
from service.api.models import dump
from service.api.service_models import (
    DirectoryAccount,
    NewUserBody,
    ResetAccepted,
    UserChangesBody,
    UsersModel,
    UsersQuery,
    directory_user,
    etag_of,
)
from service.api.services import IdPath, ServiceBlueprint, by, once
from service.core.directory import AccountChanges, Done
from service.core.ports import UnitOfWork
from service.core.values import User
from service.http.requests import flows, visit

api = ServiceBlueprint(
    "api_users",
    __name__,
    url_prefix="/api/v1/users",
    abp_tags=[Tag(name="Users", description="Accounts, for the site's services and staff tools.")],
)
READ, WRITE = "users:read", "users:write"
UNKNOWN = "`not_found`: there is no such account."
REUSED = "`idempotency_key_reused`: the `Idempotency-Key` was used for another request."


@api.call("get", "", READ, {200: UsersModel})
def list_users(query: UsersQuery) -> Response:
    """All accounts by the page, the oldest first, or the one of an address"""
    directory = flows().directory
    if query.email is not None:
        page = directory.at_address(query.email)
    else:
        page = directory.users(cursor=query.cursor, limit=query.limit)
    return jsonify({"users": [directory_user(user) for user in page.items], "next_cursor": page.next_cursor})


@api.call("post", "", WRITE, {201: DirectoryAccount}, body=True, s409=f"`email_taken`. {REUSED}")
def create_user(body: NewUserBody) -> Response:
    """Create an account

    No letter is sent; a reset link, asked for afterwards, invites its owner. With an `Idempotency-Key` the same
    request within 24 hours is answered alike and done once.
    """
    accounts, visitor = flows().accounts, visit()
    draft = accounts.draft(
        email=body.email,
        password=body.password,
        password_hash=body.password_hash,
        name=body.name,
        locale=body.locale,
        roles=body.roles,
        verified=body.email_verified,
    )

    def create(uow: UnitOfWork) -> Done:
        user = accounts.add(uow, draft, visitor, by=by())
        return Done(201, {"user": directory_user(user)}, user.id)

    return once(create, body)


@api.call("get", "/<id>", READ, {200: DirectoryAccount}, s404=UNKNOWN)
def show_user(path: IdPath) -> Response:
    """An account

    `ETag` names the account as it is; `If-Match` with a change makes sure that it still is.
    """
    return _tagged(flows().directory.user(path.user_id))


@api.call(
    "patch",
    "/<id>",
    WRITE,
    {200: DirectoryAccount},
    body=True,
    s404=UNKNOWN,
    s412="`precondition_failed`: the account is not as `If-Match` says.",
)
def change_user(path: IdPath, body: UserChangesBody) -> Response:
    """Change name, language or roles, close an account or open it again

    What is left out stays. With `If-Match`, nothing changes unless the account still has that `ETag`.
    `disabled: true` ends every session and every mailed link at once.
    """
    changes = cast(AccountChanges, body.model_dump(exclude_unset=True))
    expected = request.if_match

    def as_seen(user: User) -> bool:
        return not expected or expected.contains(etag_of(user))

    return _tagged(flows().accounts.change(path.user_id, changes, visit(), by=by(), as_seen=as_seen))


@api.call("delete", "/<id>", WRITE, {204: None}, s404=UNKNOWN)
def delete_user(path: IdPath) -> Response:
    """Erase an account, at once and for good

    Sessions, links, letters and grants go with it; its owner gets a last letter. A reader who leaves by the account
    page has a grace instead. `disabled` closes an account without erasing it.
    """
    flows().erasure.erase(path.user_id, visit(), by=by())
    return no_content()


@api.call(
    "post",
    "/<id>/password-reset",
    WRITE,
    {202: ResetAccepted},
    s404=UNKNOWN,
    s409=REUSED,
    s422="`validation_failed` (`email_required`: the account has no address).",
)
def mail_reset_link(path: IdPath) -> Response:
    """Mail the owner a link to set a password

    Sessions end at once. Nobody but the owner sees the link. `Idempotency-Key` works as for creating.
    """

    def mail(uow: UnitOfWork) -> Done:
        user = flows().accounts.mail_reset(uow, path.user_id, visit(), by=by())
        return Done(202, dump(ResetAccepted()), user.id)

    return once(mail)


@api.call(
    "post",
    "/<id>/sessions/revoke",
    WRITE,
    {204: None},
    s404=UNKNOWN,
    s409=REUSED,
)
def revoke_sessions(path: IdPath) -> Response:
    """Sign a reader out everywhere; mailed links end as well"""

    def sign_out(uow: UnitOfWork) -> Done:
        flows().accounts.sign_out(uow, path.user_id, visit(), by=by())
        return Done(204, None, path.user_id)

    return once(sign_out)


def _tagged(user: User) -> Response:
    response = jsonify({"user": directory_user(user)})
    response.set_etag(etag_of(user))
    return response
