"""The server's tables; the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

entity = Table(
    "entity",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("ver", BigInteger, nullable=False),
    Column("buckets", Text, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
)

event = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("ver", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
)
Index("event_entity", event.c.kind, event.c.entity, event.c.ver)

# One row per bucket, kind and id, moved forward in place: never longer than what lives.
log = Table(
    "log",
    metadata,
    Column("bucket", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),
    PrimaryKeyConstraint("bucket", "kind", "id"),
)
Index("log_bucket_seq", log.c.bucket, log.c.seq)
Index("log_seq", log.c.seq, unique=True)

# What each transaction changed in the digests, under the first number that it drew; the sum of
# marks in two halves of 32 bits, so that their sums fit.
digest = Table(
    "digest",
    metadata,
    Column("bucket", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    PrimaryKeyConstraint("bucket", "kind", "seq"),
)

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("last_n", BigInteger, nullable=False),
    Column("rules", Integer, nullable=False),
    Column("seen_at", Text, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    Column("device", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("command", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("device", "n"),
)
Index("receipt_command", receipt.c.command)

account = Table(
    "account",
    metadata,
    Column("login", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

# Tokens are kept as hashes; `family` is one sign-in, ended as a whole when misused.
token = Table(
    "token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("family", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("use", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("spent", BigInteger),
)
Index("token_family", token.c.family)
Index("token_login", token.c.login)

# Which desk a sign-in speaks for, once it has spoken.
session = Table(
    "session",
    metadata,
    Column("family", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
)
Index("session_device", session.c.device)

# A desk that is to be erased; `waiting` is what it had not sent, as it told before it obeyed.
device_order = Table(
    "device_order",
    metadata,
    Column("device", Text, primary_key=True),
    Column("ordered", BigInteger, nullable=False),
    Column("told", BigInteger),
    Column("erased", BigInteger),
    Column("waiting", Text, nullable=False),
)

# How a desk fares, as it last told: figures only. What an older program does not tell is empty.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("device", Text, primary_key=True),
    Column("seen", BigInteger, nullable=False),
    Column("rules", Integer, nullable=False),
    Column("behind", BigInteger, nullable=False),
    Column("version", Text),
    Column("waiting", BigInteger),
    Column("refused", BigInteger),
    Column("synced", BigInteger),
    Column("free", BigInteger),
    Column("kept", BigInteger),
    Column("off", BigInteger),
)
Index("heartbeat_seen", heartbeat.c.seen)

# What is to be sent outside, written with the act that it tells of; `id` is the key by which the
# receiver knows it again. A worker that holds `claim` until `lease` is sending it.
errand = Table(
    "errand",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("data", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("claim", Text, nullable=False),
    Column("done", BigInteger),
    Column("code", Text, nullable=False),
)
Index("errand_due", errand.c.state, errand.c.channel, errand.c.due)

# How many messages a channel has had in one minute, over all workers.
errand_rate = Table(
    "errand_rate",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("minute", BigInteger, nullable=False),
    Column("used", Integer, nullable=False),
)

# What each record adds to the figures that are derived from it, and the day on which that turns.
derived_part = Table(
    "derived_part",
    metadata,
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("figure", Text, nullable=False),
    Column("numerator", BigInteger, nullable=False),
    Column("denominator", BigInteger, nullable=False),
    Column("turns", Text),
    PrimaryKeyConstraint("kind", "source", "figure"),
)
Index("derived_figure", derived_part.c.kind, derived_part.c.figure)
Index("derived_turns", derived_part.c.kind, derived_part.c.turns)

attempt = Table(
    "attempt",
    metadata,
    Column("who", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", BigInteger, nullable=False),
)

file = Table(
    "file",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("leaves", Text, nullable=False),
)

file_ref = Table(
    "file_ref",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    PrimaryKeyConstraint("sha256", "kind", "entity"),
)

# Who has shown that he holds a file's content; until an entity names it, only he may see it.
possession = Table(
    "possession",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("person", Text, nullable=False),
    PrimaryKeyConstraint("sha256", "person"),
)

# A file that a record names on the word of a person who has not shown yet that he holds it.
claim = Table(
    "claim",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("person", Text, nullable=False),
    PrimaryKeyConstraint("sha256", "kind", "entity"),
)

# The parts of ready-made snapshots, one bucket each, and the key that opens them.
snapshot = Table(
    "snapshot",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("bucket", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("form", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("leaves", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
)
Index("snapshot_bucket", snapshot.c.bucket)

# What each desk is sealed to, and signs with; whose it is.
device_key = Table(
    "device_key",
    metadata,
    Column("device", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("public", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Packages on sticks: the number of the last one for a desk, and where the desk said it stood.
package = Table(
    "package",
    metadata,
    Column("device", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("stood", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# The signing device as a second factor: hashes of certificates and of a code, nothing secret.
second_factor = Table(
    "second_factor",
    metadata,
    Column("login", Text, primary_key=True),
    Column("required", Boolean, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("pending", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("code_until", BigInteger, nullable=False),
)

second_challenge = Table(
    "second_challenge",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# Sign-ins that two factors stand behind.
strong_session = Table(
    "strong_session",
    metadata,
    Column("family", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
