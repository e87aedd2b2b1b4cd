"""A window with one field of each kind, for programs outside that type into it and read it.

`python -m tests.ui.shell.fields FILE` writes the values to FILE as JSON whenever one changes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from ui.kit.completer import Completer
from ui.kit.fields import LineEdit, SearchField, TextArea
from ui.kit.form import FormField
from ui.kit.labels import Pane
from ui.kit.layout import Column, put
from ui.kit.theme import install

TITLE = "Các loại ô nhập mẫu"


def main() -> int:
    """Show the fields until the window is closed."""
    out = Path(sys.argv[1])
    app = QApplication(sys.argv[:1])
    install(app)
    line, completed, area = LineEdit(""), LineEdit(""), TextArea("", lines=2)
    search = SearchField("Lọc danh sách", "Lọc theo số, trích yếu…")
    completer = Completer(completed, lambda _: ["Sở Nội vụ", "Điện Biên Phủ"])
    fields = {"line": line, "completed": completed, "area": area, "search": search}

    def tell() -> None:
        values = {name: field.value for name, field in fields.items()}
        out.with_suffix(".new").write_text(json.dumps(values), encoding="utf-8")
        out.with_suffix(".new").replace(out)

    for field in fields.values():
        field.textChanged.connect(tell)
    window: QWidget = put(
        Pane("panel"),
        Column(
            FormField("Trích yếu", line),
            FormField("Cơ quan ban hành", completed),
            FormField("Ý kiến", area, required=True),
            search,
            margins=(20, 20, 20, 20),
        ),
    )
    window.setWindowTitle(TITLE)
    window.resize(600, 360)
    window.show()
    line.setFocus()
    tell()
    code = app.exec()
    del completer
    return code


if __name__ == "__main__":
    sys.exit(main())
