"""The audit trail: the newest first, by exact kind and account, to read or to take along."""

import json
import re
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from service.admin.cells import table
from service.admin.guard import staff
from service.admin.presentation import event
from service.core.directory import AuditEvent, AuditQuestion
from service.http.requests import flows, visit

pages = Blueprint("admin_audit", __name__, url_prefix="/admin")
PER_PAGE = 50
KIND = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40})?")
HEAD = ("at", "id", "kind", "account", "ip", "agent", "by", "data")
NO_KIND = "Give a kind as it stands in the list, such as user.disabled."
NO_ID = "Give a whole id."


@pages.get("/audit")
def show() -> Response | str:
    """A page of it."""
    kind, account = _asked()
    errors = _mistakes(kind, account)
    form = {"kind": kind, "account": account}
    if errors:
        page = render_template(
            "admin/audit.html", form=form, errors=errors, events=[], older=None, download=None
        )
        return Response(page, status=422, mimetype="text/html")
    found = flows().staff_desk.events(
        _question(kind, account),
        staff(),
        visit(),
        cursor=request.args.get("cursor") or None,
        limit=PER_PAGE,
    )
    filters = {name: value for name, value in form.items() if value}
    older = urlencode({**filters, "cursor": found.next_cursor}) if found.next_cursor else None
    return render_template(
        "admin/audit.html",
        form=form,
        errors={},
        events=[event(one) for one in found.items],
        older=f"/admin/audit?{older}" if older else None,
        download=f"/admin/audit.csv?{urlencode(filters)}".rstrip("?"),
    )


@pages.get("/audit.csv")
def download() -> Response:
    """All that is asked for, as a table; taking it along is audited."""
    kind, account = _asked()
    if _mistakes(kind, account):
        return Response(status=303, headers={"Location": f"/admin/audit?{urlencode(request.args)}"})
    events = flows().staff_desk.export(_question(kind, account), staff(), visit())
    response = Response(table(HEAD, map(_row, events)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _asked() -> tuple[str, str]:
    return request.args.get("kind", "").strip(), request.args.get("account", "").strip()


def _mistakes(kind: str, account: str) -> dict[str, list[str]]:
    mistakes = {}
    if kind and not KIND.fullmatch(kind):
        mistakes["kind"] = [NO_KIND]
    if account and _id(account) is None:
        mistakes["account"] = [NO_ID]
    return mistakes


def _question(kind: str, account: str) -> AuditQuestion:
    return AuditQuestion(user_id=_id(account), kind=kind or None)


def _id(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _row(one: AuditEvent) -> tuple[str, ...]:
    data = {name: value for name, value in one.data.items() if name != "by"}
    return (
        one.at.isoformat(timespec="milliseconds"),
        str(one.id),
        one.kind,
        str(one.user_id or ""),
        one.ip,
        one.agent,
        str(one.data.get("by", "")),
        json.dumps(data, ensure_ascii=False) if data else "",
    )
