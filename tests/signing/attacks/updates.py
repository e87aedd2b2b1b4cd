"""Attacks that are honest incremental updates: each writes what it wants behind the signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter as Writer

from tests.signing.attacks.document import (
    OVERLAY,
    array,
    dictionary,
    name,
    page_reference,
    spare,
    stream,
    text,
)
from tests.signing.forgeries import FIELD, alter_number, fill_field, replace_page

Attack = Callable[[Writer], None]
OVER_NUMBER = (60, 750, 220, 790)


def _catalog(key: str, make: Callable[[Writer], Any]) -> Attack:
    def attack(writer: Writer) -> None:
        writer.root[name(key)] = make(writer)
        writer.update_root()

    return attack


def _page(key: str, make: Callable[[Writer], Any]) -> Attack:
    def attack(writer: Writer) -> None:
        page_reference(writer).get_object()[name(key)] = make(writer)
        writer.mark_update(page_reference(writer))

    return attack


def _annotation(kind: str, **more: Any) -> Attack:
    """Lay an annotation with a white box for its picture over the number."""

    def attack(writer: Writer) -> None:
        left, bottom, right, top = OVER_NUMBER
        box = array(0, 0, right - left, top - bottom)
        form = stream(
            f"1 g 0 0 {right - left} {top - bottom} re f".encode(),
            Type=name("/XObject"),
            Subtype=name("/Form"),
            BBox=box,
        )
        note = dictionary(
            Type=name("/Annot"),
            Subtype=name(f"/{kind}"),
            Rect=array(*OVER_NUMBER),
            F=4,
            AP=dictionary(N=writer.add_object(form)),
            **more,
        )
        reference = page_reference(writer)
        page = reference.get_object()
        page[name("/Annots")] = array(*page.get("/Annots", ()), writer.add_object(note))
        writer.mark_update(reference)

    return attack


def _other_page(writer: Writer) -> Any:
    page = generic.DictionaryObject(dict(page_reference(writer).get_object().items()))
    page.pop(name("/Annots"), None)
    page[name("/Contents")] = spare(writer.root, "Content")
    return writer.add_object(page)


def _kids(change: Callable[[Writer, generic.ArrayObject], None]) -> Attack:
    def attack(writer: Writer) -> None:
        pages = writer.root["/Pages"]
        change(writer, pages["/Kids"])
        pages[name("/Count")] = generic.NumberObject(len(pages["/Kids"]))
        writer.update_container(pages["/Kids"])
        writer.mark_update(writer.root.raw_get("/Pages"))

    return attack


def _swap_first(writer: Writer, kids: generic.ArrayObject) -> None:
    kids[0] = _other_page(writer)


def _replace(find: Callable[[Writer], Any], make: Callable[[Writer], Any]) -> Attack:
    """Put another object under the number of a signed one."""

    def attack(writer: Writer) -> None:
        reference, new = find(writer), make(writer)
        writer.objects[(reference.generation, reference.idnum)] = new

    return attack


def _resources(writer: Writer) -> Any:
    return page_reference(writer).get_object()["/Resources"]


def _first_font(writer: Writer) -> Any:
    fonts = _resources(writer)["/Font"]
    return fonts.raw_get(next(iter(fonts)))


def _bar(data: bytes) -> Any:
    return stream(data, Type=name("/XObject"), Subtype=name("/Form"), BBox=array(0, 0, 100, 30))


def _prepared(key: str) -> Callable[[Writer], Any]:
    return lambda writer: spare(writer.root, key).get_object()


def _field(writer: Writer) -> Any:
    return next(
        f.get_object() for f in writer.root["/AcroForm"]["/Fields"] if f.get_object()["/T"] == FIELD
    )


def _on_field(key: str, make: Callable[[Writer], Any]) -> Attack:
    def attack(writer: Writer) -> None:
        field = _field(writer)
        field[name(key)] = make(writer)
        writer.mark_update(field.container_ref)

    return attack


def _form(key: str, make: Callable[[Writer], Any]) -> Attack:
    def attack(writer: Writer) -> None:
        writer.root["/AcroForm"][name(key)] = make(writer)
        writer.update_container(writer.root["/AcroForm"])

    return attack


def _appearance(writer: Writer) -> Any:
    return dictionary(N=writer.add_object(_bar(b"0 g 0 0 90 20 re f")))


def _empty_signature(writer: Writer) -> None:
    """Add a signature's field which shows a picture and signs nothing."""
    _annotation("Widget", FT=name("/Sig"), T=text("Sig_Gia"))(writer)
    page = page_reference(writer).get_object()
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(page["/Annots"].raw_get(len(page["/Annots"]) - 1))
    writer.update_container(fields)


def _layers_off(writer: Writer) -> None:
    plan = writer.root["/OCProperties"]
    plan["/D"][name("/OFF")] = array(*plan["/OCGs"])
    plan["/D"].pop(name("/ON"))
    writer.update_container(plan["/D"])


def _script(_writer: Writer) -> Any:
    return dictionary(S=name("/JavaScript"), JS=text("this.getField('So').value = '9';"))


def _names(key: str, make: Callable[[Writer], Any]) -> Attack:
    def tree(writer: Writer) -> Any:
        leaf = dictionary(Names=array(text("a"), writer.add_object(make(writer))))
        return generic.DictionaryObject({name(key): writer.add_object(leaf)})

    return _catalog("/Names", tree)


def _file(writer: Writer) -> Any:
    kept = writer.add_object(stream(b"x", Type=name("/EmbeddedFile")))
    return dictionary(Type=name("/Filespec"), F=text("a.txt"), EF=dictionary(F=kept))


def _signature(change: Callable[[Any], None]) -> Attack:
    """Write the first signature anew with something about it changed."""

    def attack(writer: Writer) -> None:
        fields = [f.get_object() for f in writer.root["/AcroForm"]["/Fields"]]
        field = next(f for f in fields if f.get("/FT") == "/Sig")
        signature = field["/V"]
        change(signature)
        writer.mark_update(signature.container_ref)

    return attack


def _set(key: str, value: Any) -> Attack:
    return _signature(lambda signature: signature.__setitem__(name(key), value))


def _shift(signature: Any) -> None:
    """Move the second range on, as if the signed bytes stood behind what was wrapped in."""
    first, length, second, rest = (int(n) for n in signature["/ByteRange"])
    signature[name("/ByteRange")] = array(first, length, second + 100, rest - 100)


SAVING: Mapping[str, tuple[Attack, str]] = {
    "the content of a page": (replace_page, "page_replaced"),
    "the number on the page": (alter_number, "page_replaced"),
    "another page in its place": (_kids(_swap_first), "page_replaced"),
    "a page more": (_kids(lambda w, kids: kids.append(_other_page(w))), "page_added"),
    "a page less": (_kids(lambda _w, kids: kids.pop()), "page_removed"),
    "pages in another order": (_kids(lambda _w, kids: kids.reverse()), "page_replaced"),
    "a page turned": (_page("/Rotate", lambda _: generic.NumberObject(90)), "page_shape_changed"),
    "a page cropped": (_page("/CropBox", lambda _: array(0, 0, 300, 400)), "page_shape_changed"),
    "a page enlarged": (
        _page("/UserUnit", lambda _: generic.NumberObject(3)),
        "page_shape_changed",
    ),
    "other page labels": (
        _catalog("/PageLabels", lambda _: dictionary(Nums=array(0, dictionary(St=9)))),
        "page_labels_changed",
    ),
    "another reading order": (
        _catalog("/ViewerPreferences", lambda _: dictionary(Direction=name("/R2L"))),
        "catalog_changed",
    ),
    "permissions": (_catalog("/Perms", lambda _: dictionary()), "permissions_changed"),
    "an outline": (_catalog("/Outlines", lambda w: w.add_object(dictionary())), "catalog_changed"),
    "a layer switched off": (_layers_off, "layers_changed"),
    "a script at opening": (_catalog("/OpenAction", _script), "script_added"),
    "a script at closing": (_catalog("/AA", lambda w: dictionary(WC=_script(w))), "script_added"),
    "a script on a page": (_page("/AA", lambda w: dictionary(O=_script(w))), "script_added"),
    "a script by name": (_names("/JavaScript", _script), "script_added"),
    "an attached file": (_names("/EmbeddedFiles", _file), "file_attached"),
    "a named place": (_names("/Dests", lambda _: array(0)), "catalog_changed"),
}

SHADOW: Mapping[str, tuple[Attack, str]] = {
    "hide: the cover taken away": (
        _replace(lambda w: _resources(w)["/XObject"].raw_get(OVERLAY), lambda _: _bar(b"")),
        "page_replaced",
    ),
    "replace: a picture": (
        _replace(
            lambda w: _resources(w)["/XObject"].raw_get(OVERLAY),
            lambda _: _bar(b"1 0 0 rg 0 0 100 30 re f"),
        ),
        "page_replaced",
    ),
    "replace: a font": (
        _replace(
            _first_font,
            lambda _: dictionary(
                Type=name("/Font"), Subtype=name("/Type1"), BaseFont=name("/Symbol")
            ),
        ),
        "page_replaced",
    ),
    "hide and replace: a prepared picture": (
        _replace(lambda w: _resources(w)["/XObject"].raw_get(OVERLAY), _prepared("Bar")),
        "page_replaced",
    ),
    "hide and replace: prepared content": (
        _page("/Contents", lambda w: spare(w.root, "Content")),
        "page_replaced",
    ),
}

ANNOTATIONS: Mapping[str, tuple[Attack, str]] = {
    kind: (_annotation(kind), "annotation_added")
    for kind in ("FreeText", "Redact", "Stamp", "Square", "Ink", "Watermark", "Link")
} | {
    "a field over the number": (_annotation("Widget", FT=name("/Tx")), "form_changed"),
    "a signature that signs nothing": (_empty_signature, "overlay"),
}

FORMS: Mapping[str, tuple[Attack, str]] = {
    "a value": (fill_field, "form_changed"),
    "a picture that is not the value": (_on_field("/AP", _appearance), "form_changed"),
    "a default value": (_on_field("/DV", lambda _: text("9")), "form_changed"),
    "a default look": (_on_field("/DA", lambda _: text("/F 9 Tf 1 g")), "form_changed"),
    "a caption": (_on_field("/MK", lambda _: dictionary(CA=text("9"))), "form_changed"),
    "a place": (_on_field("/Rect", lambda _: array(*OVER_NUMBER)), "form_changed"),
    "pictures made anew": (
        _form("/NeedAppearances", lambda _: generic.BooleanObject(value=True)),
        "form_changed",
    ),
    "a form of another kind": (
        _form("/XFA", lambda w: w.add_object(stream(b"<xdp/>"))),
        "form_changed",
    ),
}

SIGNATURES: Mapping[str, Attack] = {
    "no contents": _signature(lambda s: s.pop(name("/Contents"))),
    "null for contents": _set("/Contents", generic.NullObject()),
    "empty contents": _set("/Contents", generic.ByteStringObject(b"")),
    "zeros for contents": _set("/Contents", generic.ByteStringObject(bytes(4000))),
    "a number for contents": _set("/Contents", generic.NumberObject(0)),
    "no range": _signature(lambda s: s.pop(name("/ByteRange"))),
    "null for a range": _set("/ByteRange", generic.NullObject()),
    "an empty range": _set("/ByteRange", array()),
    "a range of zeros": _set("/ByteRange", array(0, 0, 0, 0)),
    "a negative range": _set("/ByteRange", array(0, -1, 10, 10)),
    "a range from behind": _set("/ByteRange", array(0, 10, -20, 20)),
    "a range beyond the file": _set("/ByteRange", array(0, 10, 10**12, 20)),
    "three numbers": _set("/ByteRange", array(0, 10, 20)),
    "many ranges": _set("/ByteRange", array(0, 10, 20, 30, 60, 70)),
    "words for a range": _set("/ByteRange", array(name("/a"), name("/b"), 1, 2)),
    "ranges that overlap": _set("/ByteRange", array(0, 2000, 1000, 2000)),
    "a range moved behind what was wrapped": _signature(_shift),
    "another filter": _set("/SubFilter", name("/adbe.x509.rsa_sha1")),
}
