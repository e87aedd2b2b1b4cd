"""Places found by the words of a page, and the lines that a dragged signature snaps to."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from app.kernel.ports import Purpose
from signing.pdf.forms import POINTS_PER_MM, seal_size
from signing.pdf.placement import find_box
from signing.pdf.snapping import snap_lines
from tests.signing.conftest import LETTER, NAME, TITLE, Office, typeset
from tests.signing.pdf.pages import reshaped
from tests.signing.test_forms import BLUE, RED, extent, picture

LIST = f"#place(top, dy: 385pt)[*Nơi nhận:*\\ - {TITLE};\\ - {NAME};\\ - Lưu: VT.]"
SIGNED = f"#grid(columns: (1fr, 1fr), [#v(1pt)], align(center)[*{TITLE}* #v(80pt) *{NAME}*])"
NARROW = f"""#set page(paper: "a4")
#v(380pt)
#grid(columns: (150pt, 100pt), [#h(1fr)*Nơi nhận:*],
  align(center)[*{TITLE}* #v(60pt) *{NAME}*])
"""


def test_the_list_of_recipients_is_no_place_to_sign() -> None:
    """It names title and name too, and comes last in the order of the words."""
    page = '#set page(paper: "a4")\n#v(380pt)\n'
    box = find_box(typeset(f"{page}{SIGNED}\n{LIST}"), NAME, TITLE, Purpose.APPROVE)
    assert box is not None
    assert box.x > 595 / 2
    assert find_box(typeset(f"{page}{LIST}"), NAME, TITLE, Purpose.APPROVE) is None


def test_a_signature_does_not_reach_over_the_list_beside_it() -> None:
    data = typeset(NARROW)
    box = find_box(data, NAME, TITLE, Purpose.APPROVE)
    document = pdfium.PdfDocument(data)
    text = document[0].get_textpage()
    assert box is not None
    within = text.get_text_bounded(box.x, box.y, box.x + box.width, box.y + box.height)
    document.close()
    assert "nhận" not in within
    assert box.width < 42 * POINTS_PER_MM


@pytest.mark.parametrize("crop", [None, (20, 30, 575, 590)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_signature_and_seal_stand_upright_between_the_words(
    office: Office, tmp_path: Path, rotation: int, crop: tuple[int, int, int, int] | None
) -> None:
    """Blue lies right of and above red's middle line as on a plain page, whatever the turn."""
    path = tmp_path / "turned.pdf"
    body = LETTER.replace("#v(380pt)", "#v(150pt)")
    path.write_bytes(reshaped(typeset(body), rotation, crop))
    signed = office.sign(path, Purpose.APPROVE)
    sealed = office.sign(signed.path, Purpose.ISSUE)
    assert signed.box is not None
    assert sealed.box is not None
    image = picture(sealed.path)
    blue, red = extent(image, BLUE), extent(image, RED)
    box = signed.box
    assert box.x - 1 <= blue[0] < blue[2] <= box.x + box.width + 1
    assert box.y - 1 <= blue[1] < blue[3] <= box.y + box.height + 1
    assert blue[2] - blue[0] > blue[3] - blue[1]
    assert red[2] - red[0] == pytest.approx(seal_size(), abs=4)
    assert red[3] - red[1] == pytest.approx(seal_size(), abs=4)
    assert red[0] < blue[0] < red[2] < blue[2]
    assert _words_between(sealed.path, box) == (TITLE, NAME)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_guides_are_the_edges_of_what_is_shown(rotation: int) -> None:
    """The middle between title and name is a guide of its own, and so are the margins."""
    plain = snap_lines(typeset(LETTER), 0, NAME, TITLE)
    turned = snap_lines(reshaped(typeset(LETTER), rotation), 0, NAME, TITLE)
    assert turned.xs == pytest.approx(plain.xs, abs=0.05)
    assert turned.ys == pytest.approx(plain.ys, abs=0.05)
    box = find_box(typeset(LETTER), NAME, TITLE, Purpose.APPROVE)
    assert box is not None
    assert box.x + box.width / 2 == pytest.approx(
        _nearest(plain.xs, box.x + box.width / 2), abs=0.01
    )
    assert box.y + box.height / 2 == pytest.approx(
        _nearest(plain.ys, box.y + box.height / 2), abs=0.01
    )
    assert pytest.approx(_nearest(plain.xs, 85), abs=0.01) == 30 * POINTS_PER_MM
    assert list(plain.xs) == sorted(plain.xs)


def test_an_empty_page_has_margins_and_a_middle_only() -> None:
    guides = snap_lines(typeset('#set page(paper: "a4")\n#v(1pt)'), 0)
    assert len(guides.xs) == 3
    assert len(guides.ys) == 2


def _nearest(lines: tuple[float, ...], value: float) -> float:
    return min(lines, key=lambda line: abs(line - value))


def _words_between(path: Path | None, box: object) -> tuple[str, str]:
    """Return the title and the name as a person reads them over and under the box."""
    from signing.pdf.placement import _read_words  # the words as shown, by their places

    document = pdfium.PdfDocument(path)
    words = _read_words(document, 0)
    document.close()
    over = [r for r in words.places(TITLE) if r[1] >= box.y + box.height - 3]
    under = [r for r in words.places(NAME) if r[3] <= box.y + 3]
    return (TITLE if over else "", NAME if under else "")
