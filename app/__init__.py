"""The core of Hoa Ban: no Qt, no network, no token."""
