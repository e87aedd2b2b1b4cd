"""The server's core: one request in, frames out; no sockets here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from app.kernel.clock import Clock
from app.kernel.command import Command
from app.kernel.errors import RuleViolation
from app.kernel.feature import Registry
from sync.protocol.messages import PAGE, PROTO, RULES, End, Frame, Hello, Request
from sync.server import digests, tidy
from sync.server.directory import Directory
from sync.server.pull import Pull
from sync.server.push import UPCASTS, Outcome, Push, Upcast
from sync.server.store import Store

# A transaction holds the lock of the log while it writes; larger pushes are cut.
MAX_COMMANDS = 1000
MAX_WANT = 100_000
# What the database keeps of a desk's rules is 32 bits wide.
MAX_RULES = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Account:
    """Who sends a request, as proved by his token; `family` is the sign-in it came from.

    `strong` tells that two factors stand behind it.
    """

    login: str
    person: str
    family: str = ""
    strong: bool = False


class Service:
    """Answer desks from one store."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        directory: Directory,
        clock: Clock,
        upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
        page: int = PAGE,
    ) -> None:
        self.store = store
        self.clock = clock
        self.registry = registry
        digests.settle(store)
        self._tidied: date | None = None
        self.push = Push(store, registry, directory, upcasts)
        self.pull = Pull(store, registry, directory, page)

    def handle(self, request: Request, account: Account) -> Iterator[Frame]:
        """Decide the commands, then yield the reply; the push is done before the first row.

        Raises `RuleViolation` for a request of another protocol, `Unavailable("sync.busy")`.
        """
        self._check(request)
        self._tidy()
        with self.store.read() as connection:
            known = self.store.metas(connection)
            head = self.store.head(connection)
        hello = Hello(
            server=known["server"],
            history=known["history"],
            now=self.clock.now().isoformat(),
            rules=RULES,
            head=head,
        )
        floor = int(known.get("floor", 0))
        if request.history not in ("", hello.history) or request.cursor > hello.head:
            return iter((hello, End(request.cursor, more=True)))
        outcome = self._decide(request, account)
        return self._reply(hello, outcome, request, account, floor)

    def _tidy(self) -> None:
        today = self.clock.now().date()
        if self._tidied != today:
            tidy.tidy(self.store, self.clock.now())
            self._tidied = today

    def _check(self, request: Request) -> None:
        if request.proto != PROTO:
            raise RuleViolation("sync.protocol", field="proto", ours=PROTO)
        if not request.device or len(request.device) > 64 or len(request.commands) > MAX_COMMANDS:
            raise RuleViolation("sync.request", field="commands")
        if any((c.n or 0) < 1 for c in request.commands) or not 0 <= request.want <= MAX_WANT:
            raise RuleViolation("sync.request", field="n")
        if not 0 <= request.rules <= MAX_RULES:
            raise RuleViolation("sync.request", field="rules")

    def _decide(self, request: Request, account: Account) -> Outcome:
        now = self.clock.now()
        return self.store.retrying(
            lambda connection: self.push.run(
                connection, request, account.person, now, strong=account.strong
            )
        )

    def _reply(
        self, hello: Hello, outcome: Outcome, request: Request, account: Account, floor: int
    ) -> Iterator[Frame]:
        yield hello
        if outcome.forked is not None:
            yield outcome.forked
            yield End(request.cursor, more=True)
            return
        yield from outcome.receipts
        if outcome.ack is not None:
            yield outcome.ack
        if outcome.need is not None:
            yield outcome.need
        yield from self.pull.run(request, account.person, self.clock.now(), floor)

    def run_as_system(self, *commands: Command) -> None:
        """Run the server's own commands in one transaction, all or none."""
        now = self.clock.now()

        def work(connection: Connection) -> None:
            self.push.system(connection, commands, now)

        self.store.retrying(work)

    def news(self, cursor: int, held: Sequence[str], account: Account) -> bool:
        """Tell whether a desk at this position would get something."""
        scope = self.pull.scope_of(account.person, self.clock.now())
        return set(scope) != set(held) or self.pull.moved(scope, cursor)
