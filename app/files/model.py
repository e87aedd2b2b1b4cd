"""What records say of files; the type itself is the kernel's, for the store needs it too."""

from app.kernel.fileref import FileRef

__all__ = ["FileRef"]
