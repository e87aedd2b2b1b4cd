"""The commune of the pages of documents, and its sessions."""

from tests.ui.documents.conftest import commune, lanes, session

__all__ = ["commune", "lanes", "session"]
