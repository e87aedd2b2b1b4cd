"""What people ask when they sign beside the way of a document: opinion, arrival mark, copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.documents.model import CopyForm
from app.files.model import FileRef
from app.kernel.command import Command


@dataclass(frozen=True, slots=True)
class SignOpinion(Command):
    """Record a signed opinion on a draft in review: `file` takes the place of `source`."""

    NAME: ClassVar[str] = "document.sign_opinion"

    file: FileRef
    source: str
    signer: str
    text: str
    level: str = ""
    field_name: str = ""


@dataclass(frozen=True, slots=True)
class SignArrival(Command):
    """Record the agency's mark with `number` and day of arrival on the received file."""

    NAME: ClassVar[str] = "document.sign_arrival"

    file: FileRef
    source: str
    signer: str
    number: int
    arrival_date: date
    level: str = ""
    field_name: str = ""


@dataclass(frozen=True, slots=True)
class SignCopy(Command):
    """Add a copy that the agency signed (NĐ 30/2020 Art 25-27); the document stays as it is.

    `source` is the file that was copied, "" for an extract, which is a file of its own.
    """

    NAME: ClassVar[str] = "document.sign_copy"

    file: FileRef
    form: CopyForm
    signer: str
    source: str = ""
    level: str = ""
    field_name: str = ""
