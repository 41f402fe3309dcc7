"""What staff tools look back at: letters ("I never got the mail") and the audit trail."""

from flask import Response, jsonify
from flask_openapi3 import Tag

from service.api.models import dump
from service.api.service_models import (
    AddressQuery,
    EntryModel,
    EventModel,
    EventsModel,
    EventsQuery,
    SuppressionModel,
    TimelineModel,
)
from service.api.services import IdPath, ServiceBlueprint
from service.core.directory import AuditEvent, AuditQuestion
from service.flows.mail_timeline import Timeline
from service.http.requests import flows

api = ServiceBlueprint(
    "api_records",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Records", description="What became of letters, and what happened to accounts.")],
)


@api.call(
    "get",
    "/users/<id>/mail",
    "mail:read",
    {200: TimelineModel},
    s404="`not_found`: there is no such account.",
)
def mail_of_user(path: IdPath) -> Response:
    """What became of every letter to an account, under whatever address it was at the time

    Records are kept for 90 days.
    """
    return _told(flows().mail_timeline.of_user(path.user_id))


@api.call("get", "/mail", "mail:read", {200: TimelineModel})
def mail_of_address(query: AddressQuery) -> Response:
    """What became of every letter to an address, whether or not it has an account"""
    return _told(flows().mail_timeline.of_address(query.email))


@api.call("get", "/audit-events", "audit:read", {200: EventsModel})
def list_audit_events(query: EventsQuery) -> Response:
    """The audit trail by the page, the newest first"""
    question = AuditQuestion(query.user_id, query.kind, query.since, query.until)
    page = flows().directory.events(question, cursor=query.cursor, limit=query.limit)
    events = EventsModel(events=[_event(event) for event in page.items], next_cursor=page.next_cursor)
    return jsonify(dump(events))


def _told(timeline: Timeline) -> Response:
    found = timeline.suppression
    entries = [
        EntryModel(
            at=entry.at,
            what=entry.what,
            letter=entry.letter,
            row_id=str(entry.row_id) if entry.row_id else None,
            detail=entry.detail,
        )
        for entry in timeline.entries
    ]
    suppression = SuppressionModel(**vars(found)) if found else None
    return jsonify(dump(TimelineModel(address=timeline.address, suppression=suppression, entries=entries)))


def _event(event: AuditEvent) -> EventModel:
    return EventModel(
        id=str(event.id),
        at=event.at,
        kind=event.kind,
        user_id=str(event.user_id) if event.user_id else None,
        ip=event.ip,
        agent=event.agent,
        data=event.data,
    )
