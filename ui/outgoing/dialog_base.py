"""A dialog as high as its words need at the width it has."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent

from ui.kit.dialog import Dialog


class FittedDialog(Dialog):
    """Grow to the height that wrapped words take, at any scale."""

    def showEvent(self, event: QShowEvent) -> None:
        """Take the height that is needed."""
        super().showEvent(event)
        layout = self.layout()
        if layout is None:
            return
        wanted = max(layout.totalHeightForWidth(self.width()), layout.totalSizeHint().height())
        if wanted > self.height():
            self.resize(self.width(), wanted)
