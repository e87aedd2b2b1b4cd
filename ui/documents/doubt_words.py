"""What stands and what is proposed, in words and with the words that differ marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

from app.documents.model import Document
from app.documents.rules.merging import DRAFT, standing
from app.kernel.merge import Mark, Piece, Proposal, word_diff
from app.kernel.texts import Texts
from ui.documents.words import day, full_moment
from ui.kit.theme import theme

_DAYS = ("issued", "due")
_COLORS = {Mark.OLD: "bad", Mark.NEW: "ok"}


def field_name(texts: Texts, field: str) -> str:
    """Return the name of a field; that of a code where no text is known."""
    key = f"pages.field.{field}"
    return texts(key) if texts.has(key) else field


def value_words(texts: Texts, field: str, value: Any) -> str:
    """Return a value of a field as people write it."""
    if value in (None, "", 0) and not isinstance(value, bool):
        return ""
    if isinstance(value, bool):
        return texts("pages.yes" if value else "pages.no")
    if field in _DAYS:
        return day(date.fromisoformat(str(value)))
    if field == "urgency":
        return texts(f"documents.urgency.{value}")
    return str(value)


def both_sides(texts: Texts, document: Document, found: Proposal) -> tuple[str, str]:
    """Return what stands and what is proposed, as texts."""
    if found.field == DRAFT:
        proposed: Mapping[str, Any] = found.value.get("form_values") or {}
        return _body(document.form_values), _body(proposed)
    stands = standing(document, found.field)
    return value_words(texts, found.field, stands), value_words(texts, found.field, found.value)


def _body(form: Mapping[str, Any]) -> str:
    typed = form.get("typed")
    return str(typed.get("body") or "") if isinstance(typed, Mapping) else ""


def byline(texts: Texts, found: Proposal) -> str:
    """Say who proposed and when."""
    return texts("pages.proposals.by", name=found.name or found.person, at=full_moment(found.at))


def marked(pieces: tuple[Piece, ...]) -> str:
    """Return the words of a comparison as rich text: old ones struck out, new ones underlined."""
    look = theme()
    parts = []
    for piece in pieces:
        text = escape(piece.text).replace("\n", "<br>")
        if piece.mark is Mark.SAME:
            parts.append(text)
            continue
        tag = "s" if piece.mark is Mark.OLD else "u"
        color = _COLORS[piece.mark]
        ink, ground = look.color(color).name(), look.color(f"{color}-soft").name()
        style = f"color:{ink};background-color:{ground}"
        lead = len(text) - len(text.lstrip())
        parts.append(f'{text[:lead]}<{tag} style="{style}"><b>{text[lead:]}</b></{tag}>')
    return "".join(parts)


def spoken(texts: Texts, pieces: tuple[Piece, ...]) -> str:
    """Return the words of a comparison for those who hear the screen."""
    said = {Mark.OLD: "pages.proposals.out", Mark.NEW: "pages.proposals.in"}
    return " ".join(
        p.text.strip() if p.mark is Mark.SAME else texts(said[p.mark], text=p.text.strip())
        for p in pieces
    )


def compare(old: str, new: str) -> tuple[Piece, ...]:
    """Compare what stands with what is proposed."""
    return word_diff(old, new)
