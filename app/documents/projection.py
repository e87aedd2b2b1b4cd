"""Keep the lists and the search of documents in step with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from app.documents import tables
from app.documents.model import (
    KIND,
    READING,
    DeliveryStatus,
    Direction,
    Document,
    Item,
    Reading,
    Role,
    State,
)
from app.documents.rules.issuing import symbol_of
from app.documents.search import EVERYBODY, indexed, reader_tag, tags
from app.documents.words import symbol_key
from app.kernel.clock import local_date
from app.kernel.text import fold
from app.store.sql import chunks, marks

CLOSED = frozenset({State.DONE, State.RETURNED, State.ISSUED, State.DISCARDED})
SUBMITTED = (State.SUBMITTED, State.APPROVED, State.AWAITING_NUMBER, State.NUMBERED)
_COLUMNS = tuple(c.name for c in tables.ROWS.columns)
_in_order = itemgetter(*_COLUMNS)


class DocumentProjection:
    """Write document rows, work, files, deliveries and search."""

    kind = KIND

    def create(self, connection: Connection) -> None:
        """Create the tables."""
        tables.create(connection)

    def write(self, connection: Connection, rows: Sequence[tuple[str, Any]]) -> None:
        """Insert or replace the rows of these documents; the last of an id counts."""
        latest: dict[str, Document] = dict(rows)
        if not latest:
            return
        placed = [(tables.seq_of(d.id, d.created_at), d) for d in latest.values()]
        _clear(connection, _held(connection, [seq for seq, _ in placed]))
        _many(connection, _INSERT_ROW, [_row(seq, d) for seq, d in placed])
        _many(connection, _INSERT_WORK, [w for seq, d in placed for w in _work(seq, d)])
        _many(connection, _INSERT_FILE, [(s, f.sha256) for s, d in placed for f in d.files])
        _many(connection, _INSERT_DELIVERY, [x for s, d in placed for x in _deliveries(s, d)])
        _many(connection, _INSERT_SEARCH, [(s, _indexed(d)) for s, d in placed])

    def delete(self, connection: Connection, ids: Sequence[str]) -> None:
        """Remove the rows of these documents, from search too."""
        gone = [seq for entity in ids for seq in _seq(connection, entity)]
        _clear(connection, gone)
        _many(connection, "DELETE FROM document_text WHERE rowid = ?", [(s,) for s in gone])


class ReadingProjection:
    """Write who read what."""

    kind = READING

    def create(self, connection: Connection) -> None:
        """Create the tables, if the documents' projection has not."""
        tables.create(connection)

    def write(self, connection: Connection, rows: Sequence[tuple[str, Any]]) -> None:
        """Insert or replace readings."""
        latest: dict[str, Reading] = dict(rows)
        _many(
            connection,
            "INSERT OR REPLACE INTO document_reading (id, document, person, name, at)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (i, r.document, r.person, r.name, r.at.isoformat() if r.at else None)
                for i, r in latest.items()
            ],
        )

    def delete(self, connection: Connection, ids: Sequence[str]) -> None:
        """Remove readings."""
        _many(connection, "DELETE FROM document_reading WHERE id = ?", [(i,) for i in ids])


PROJECTIONS = (DocumentProjection(), ReadingProjection())

_INSERT_ROW = (
    "INSERT INTO document_row VALUES (" + ",".join("?" * len(_COLUMNS)) + ")"  # noqa: S608
)
_INSERT_WORK = "INSERT INTO document_work VALUES (?,?,?,?,?,?,?,?,?,?,?)"
_INSERT_FILE = "INSERT INTO document_file VALUES (?,?)"
_INSERT_DELIVERY = "INSERT INTO document_delivery VALUES (?,?,?,?,?,?,?,?)"
_INSERT_SEARCH = "INSERT INTO document_search (rowid, words) VALUES (?,?)"


def set_text(connection: Connection, doc_id: str, text: str) -> None:
    """Put the text of a document's PDFs into search, in place of any earlier one."""
    for seq in _seq(connection, doc_id):
        _many(connection, "DELETE FROM document_text WHERE rowid = ?", [(seq,)])
        _many(
            connection,
            "INSERT INTO document_text (rowid, words) VALUES (?,?)",
            [(seq, indexed(text))],
        )


def _many(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(statement, list(rows))


def _clear(connection: Connection, seqs: Sequence[int]) -> None:
    keys = [(s,) for s in seqs]
    for statement in (
        "DELETE FROM document_row WHERE seq = ?",
        "DELETE FROM document_work WHERE seq = ?",
        "DELETE FROM document_file WHERE seq = ?",
        "DELETE FROM document_delivery WHERE seq = ?",
        "DELETE FROM document_search WHERE rowid = ?",
    ):
        _many(connection, statement, keys)


def _held(connection: Connection, seqs: Sequence[int]) -> list[int]:
    """Return those places that have a row; a first pull has none to clear."""
    found: list[int] = []
    for part in chunks(seqs):
        marked = marks(len(part))
        ask = f"SELECT seq FROM document_row WHERE seq IN ({marked})"  # noqa: S608 - marks only
        found += connection.exec_driver_sql(ask, tuple(part)).scalars()
    return found


def _seq(connection: Connection, entity: str) -> list[int]:
    found = connection.exec_driver_sql("SELECT seq FROM document_row WHERE id = ?", (entity,))
    return [row[0] for row in found]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _row(seq: int, d: Document) -> tuple[Any, ...]:
    values = {"seq": seq, "id": d.id, **_written(d), **_standing(d)}
    row: tuple[Any, ...] = _in_order(values)
    return row


def _written(d: Document) -> dict[str, Any]:
    """Return the columns of what stands on a document or in the book."""
    p = d.particulars
    return {
        "number": p.number,
        "notation": p.notation,
        "symbol": symbol_of(d),
        "symbol_key": symbol_key(p.number, p.notation) if p.number or p.notation else "",
        "issued": _iso(p.issued),
        "issuer": p.issuer,
        "issuer_key": fold(p.issuer),
        "subject": p.subject,
        "type_name": p.type_name,
        "urgency": p.urgency.rank,
        "due": _iso(p.due),
        "signer": p.signer,
        "paper": int(p.paper),
        "kept_by": p.kept_by,
        "note": _note(d),
        "copies": p.copies,
        "register": d.register,
        "arrival_number": d.arrival_number,
        "arrival_date": _iso(d.arrival_date),
        "number_register": d.number_register,
        "reserved": d.reserved,
    }


def _note(d: Document) -> str:
    """Return the last column of the book: for a number that is void, why."""
    struck = d.reason if d.register and d.state is State.DISCARDED else ""
    return "; ".join(part for part in (d.particulars.note, struck) if part)


def _standing(d: Document) -> dict[str, Any]:
    """Return the columns of where a document stands."""
    main = d.main_file
    leads = [i.name for i in d.items if i.role is Role.LEAD and i.is_live and not i.presented]
    return {
        "agency": d.agency,
        "direction": d.direction.value,
        "state": d.state.value,
        "open": int(_is_open(d)),
        "lead_name": leads[-1] if leads else "",
        "drafter_name": d.drafter_name,
        "file_sha256": main.sha256 if main else "",
        "presented": int(any(i.is_live or i.state is State.DONE for i in d.items)),
        "signed": int(d.is_signed),
        "sealed": int(d.is_sealed),
        "number_waiting": int(_awaits_number(d)),
        "recipients": len(d.deliveries),
        "delivered": sum(x.status >= DeliveryStatus.REGISTERED for x in d.deliveries),
        "receivers": _receivers(d),
        "transferred_on": _iso(d.transferred_on),
        "sent_on": _iso(local_date(d.issued_at)) if d.issued_at else None,
    }


def _is_open(d: Document) -> bool:
    """Tell whether the agency still owes something; a refused document is done with."""
    return d.state not in CLOSED or (d.state is State.RETURNED and bool(d.register))


def _awaits_number(d: Document) -> bool:
    return d.state is State.AWAITING_NUMBER or (bool(d.register) and d.arrival_number is None)


def _receivers(d: Document) -> str:
    if d.direction is Direction.OUTGOING:
        return "; ".join(x.name for x in d.deliveries)
    named = [i.name for i in d.items if not i.presented and i.state is not State.RETURNED]
    return d.particulars.to_places or "; ".join(dict.fromkeys(n for n in named if n))


def _work(seq: int, d: Document) -> Iterable[tuple[Any, ...]]:
    for item in d.items:
        if item.state is State.RETURNED:
            continue
        who = item.person or f"unit:{item.unit}"
        yield _task(seq, d, item, who)
        if item.person and item.unit:
            yield (*_task(seq, d, item, f"unit:{item.unit}")[:8], 0, "", "")
    approval = d.approval
    if approval is not None:
        yield (
            seq, d.id, "", approval.person, "sign", "", d.state.value, _iso(d.particulars.due),
            int(d.state in SUBMITTED), d.drafter_name, "",
        )  # fmt: skip
    if d.drafter:
        task = "revise" if d.state is State.DECLINED else "draft"
        open_now = int(d.state in (State.DRAFT, State.DECLINED))
        yield (
            seq, d.id, "", d.drafter, task, "", d.state.value, _iso(d.particulars.due),
            open_now, "", d.reason,
        )  # fmt: skip


def _task(seq: int, d: Document, item: Item, who: str) -> tuple[Any, ...]:
    task = "instruct" if item.presented else "handle"
    if item.role is Role.INFO:
        task = "read"
    due = _iso(item.due or d.particulars.due)
    return (
        seq, d.id, item.id, who, task, item.role.value, item.state.value, due,
        int(item.is_open), item.giver_name, item.text,
    )  # fmt: skip


def _deliveries(seq: int, d: Document) -> Iterable[tuple[Any, ...]]:
    if d.state is not State.ISSUED:
        return
    for x in d.deliveries:
        last = x.steps[-1] if x.steps else None
        number = next((s.number for s in reversed(x.steps) if s.number is not None), None)
        yield (
            seq, x.unit, x.name, x.status.value, last.reason if last else "", int(x.paper),
            number, last.at.isoformat() if last else None,
        )  # fmt: skip


def _indexed(d: Document) -> str:
    opened = (False, True) if _is_open(d) else (False,)
    named = {
        reader_tag(who, d.direction, is_open=o)
        for who in (EVERYBODY, f"agency:{d.agency}", *_named(d))
        for o in opened
    }
    return f"{indexed(_searched(d))} {tags({d.state.value, *named})}"


def _named(d: Document) -> Iterable[str]:
    """Yield under which names somebody's part in a document is written down."""
    for item in d.items:
        if item.state is State.RETURNED:
            continue
        if item.person:
            yield item.person
        if item.unit:
            yield f"unit:{item.unit}"
    yield from (p for p in (d.drafter, d.approval.person if d.approval else "") if p)


def _searched(d: Document) -> str:
    p = d.particulars
    days = [f"{x.day:02d}/{x.month:02d}/{x.year}" for x in (p.issued, d.arrival_date, p.due) if x]
    numbers = [str(n) for n in (d.arrival_number, d.reserved) if n is not None]
    people = [i.name for i in d.items]
    return " \n".join(
        (
            symbol_of(d), *numbers, p.subject, p.type_name, p.issuer, p.signer, p.signer_title,
            p.to_places, p.kept_by, p.dossier, p.note, p.language, p.issuer_code, *days,
            d.instruction, d.drafter_name, *people, *(x.name for x in d.deliveries),
            *d.reply_numbers, *(f.name for f in d.files),
        )
    )  # fmt: skip
