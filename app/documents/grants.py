"""Which roles may ask for which acts; the rules then look at the document itself."""

from __future__ import annotations

_CLERK = frozenset({"clerk"})
_OFFICE = frozenset({"clerk", "office_head"})
_LEADERS = frozenset({"leader", "office_head"})
_HEADS = frozenset({"leader", "office_head", "department_head"})
_STAFF = frozenset({"clerk", "leader", "office_head", "department_head", "specialist", "one_stop"})
_ALL = _STAFF | {"archivist"}
_SYSTEM = frozenset({"system"})

GRANTS: dict[str, frozenset[str]] = {
    "document.receive": _CLERK,
    "document.refuse": _CLERK,
    "document.register": _CLERK,
    "document.present": _OFFICE,
    "document.instruct": _LEADERS | _CLERK,
    "document.assign": _HEADS,
    "document.hand_on": _STAFF,
    "document.handle": _STAFF,
    "document.note": _ALL,
    "document.read": _ALL,
    "document.edit": _STAFF,
    "document.attach": _STAFF,
    "document.draft": _STAFF,
    "document.set_recipients": _STAFF,
    "document.approve": _LEADERS,
    "document.reserve_number": _LEADERS,
    "document.give_number": _OFFICE | _LEADERS,
    "document.release_number": _LEADERS | _CLERK,
    "document.sign": _LEADERS | _CLERK,
    "document.seal": _CLERK,
    "document.sign_opinion": _STAFF,
    "document.sign_arrival": _CLERK,
    "document.sign_copy": _CLERK,
    "document.complete": _ALL,
    "document.withdraw_signatures": _LEADERS | _CLERK,
    "document.issue": _CLERK,
    "document.deliver": _SYSTEM,
}
