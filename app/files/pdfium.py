"""The one lock around pdfium: it is not thread-safe, not even across files.

Whoever calls pypdfium2 in this process, the view, the reader of texts or the placement of
signatures, holds it for each call or group of calls.
"""

from __future__ import annotations

import threading

PDFIUM = threading.RLock()
