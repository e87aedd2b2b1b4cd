"""The pages of the product: the navigation shows these and nothing else.

Pages stand in the tuple in the order of the navigation. A page that describes itself as `PAGE`
in its module joins, and leaves, by the one line that names the module.
"""

from __future__ import annotations

from importlib import import_module

from ui.documents.page_incoming import IncomingPage
from ui.documents.page_register import RegisterPage
from ui.documents.page_work import WorkPage
from ui.kit.page import PageSpec
from ui.outbox.page_outbox import OutboxPage
from ui.outgoing.page_drafts import DraftsPage
from ui.outgoing.page_issue import IssuePage
from ui.outgoing.page_outgoing import OutgoingPage
from ui.outgoing.page_signing import SigningPage
from ui.outgoing.page_verify import VerifyPage
from ui.registers.page_registers import RegistersPage
from ui.settings.page_settings import SettingsPage

LEADERS = frozenset({"leader", "office_head"})
STAFF = LEADERS | {"clerk", "department_head", "specialist", "one_stop"}
KEEPERS = LEADERS | {"clerk", "archivist", "administrator"}


def _named(module: str) -> PageSpec:
    page: PageSpec = import_module(module).PAGE
    return page


PAGES: tuple[PageSpec, ...] = (
    PageSpec("work", "check-square", "pages.work", WorkPage),
    PageSpec("incoming", "inbox", "pages.incoming", IncomingPage),
    PageSpec("register", "stamp", "pages.register.nav", RegisterPage, roles=frozenset({"clerk"})),
    PageSpec("outgoing", "send", "outpages.nav.outgoing", OutgoingPage),
    PageSpec("drafts", "edit", "outpages.nav.drafts", DraftsPage, roles=STAFF),
    PageSpec("signing", "pen", "outpages.nav.signing", SigningPage, roles=LEADERS),
    PageSpec("issue", "stamp", "outpages.nav.issue", IssuePage, roles=frozenset({"clerk"})),
    _named("ui.search.page_search"),
    PageSpec("books", "book", "books.nav", RegistersPage, roles=KEEPERS),
    PageSpec("verify", "shield-check", "outpages.nav.verify", VerifyPage),
    _named("ui.signfiles.page_signfiles"),
    _named("ui.marking.page_marking"),
    _named("ui.bulletins.page_bulletins"),
    _named("ui.completion.page_completion"),
    _named("ui.devices.page_devices"),
    _named("ui.files.page_files"),
    PageSpec("outbox", "outbox", "outbox.nav", OutboxPage, section="shell.section.system"),
    PageSpec("settings", "settings", "settings.nav", SettingsPage, section="shell.section.system"),
)
