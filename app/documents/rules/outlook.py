"""Who holds a document, who may see it, and which files belong to it."""

from __future__ import annotations

import re

from app.documents.model import Document, Reading, State
from app.kernel.actor import Actor

# Where the JSON text of a document, whose fields come in order, names its own state
_STATE = re.compile(r'"agency":"[^"]*","state":"(\w+)"')
_AT_REST = frozenset({State.DONE, State.ISSUED, State.DISCARDED})
_READERS = frozenset({"clerk", "leader", "office_head", "archivist"})


def people(document: Document) -> frozenset[str]:
    """Return the ids of all whom a document concerns in person."""
    named = {i.person for i in document.items} | {document.drafter}
    if document.approval is not None:
        named.add(document.approval.person)
    return frozenset(p for p in named if p)


def buckets(document: Document) -> frozenset[str]:
    """Return the buckets that hold the document: its agency, its departments, its people."""
    units = {i.unit for i in document.items if i.unit}
    return frozenset(
        {f"agency:{document.agency}"}
        | {f"unit:{u}" for u in units}
        | {f"person:{p}" for p in people(document)}
    )


def pressing(text: str) -> bool:
    """Tell from the JSON text of a document whether somebody still has to deal with it."""
    found = _STATE.search(text)
    return found is not None and found[1] not in _AT_REST


def files(document: Document) -> frozenset[str]:
    """Return the hashes of all files, earlier versions and signed sources too."""
    return frozenset(
        {f.sha256 for f in document.files}
        | {v.file.sha256 for v in document.versions}
        | {s.sha256 for s in document.signatures}
        | {s.source for s in document.signatures if s.source}
        | {c.sha256 for c in document.completed}
        | {c.source for c in document.completed}
    )


def readable(document: Document, actor: Actor) -> bool:
    """Tell whether the actor may see the document among those his desk holds."""
    if actor.is_system:
        return True
    if actor.agency == document.agency and actor.roles & _READERS:
        return True
    concerned = people(document)
    if actor.person in concerned or (actor.acting_for or "") in concerned:
        return True
    heads = "department_head" in actor.roles
    return heads and any(i.unit == actor.unit for i in document.items)


def reading_buckets(reading: Reading) -> frozenset[str]:
    """Return the buckets of a reading: the agency's, and the reader's own."""
    return frozenset({f"agency:{reading.agency}", f"person:{reading.person}"})


def reading_readable(reading: Reading, actor: Actor) -> bool:
    """Tell whether the actor may see who read."""
    return actor.is_system or actor.person == reading.person or actor.agency == reading.agency
