"""Units, people, posts with validity, acting for others, audit log and offline login."""

from app.identity.actors import ADMINISTRATION, current, memberships, resolve

__all__ = ["ADMINISTRATION", "current", "memberships", "resolve"]
