"""The tables, as numbered migrations: the database's `user_version` is how many have run.

A migration that was released is never edited; a change is one more at the end. Times are ISO 8601
UTC text with milliseconds, money is whole micro-dollars, columns named `…_json` hold JSON.
"""

# "RFCT": tells our database from any other SQLite file.
APPLICATION_ID = 0x52464354

# Tables whose change other windows must hear of; see Database.changes.
_WATCHED = ("providers", "model_lists", "models", "defaults", "budgets", "settings")


def _watch(table: str) -> str:
    return "\n".join(
        f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table}"  # noqa: S608  — names of this file
        " BEGIN UPDATE revision SET value = value + 1; END;"
        for event in ("INSERT", "UPDATE", "DELETE")
    )


_FIRST = """
CREATE TABLE revision (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL) STRICT;
INSERT INTO revision VALUES (1, 0);

CREATE TABLE providers (
    id TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    display_name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    settings_json TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model_lists (
    provider TEXT PRIMARY KEY,
    fetched_at TEXT,
    stale INTEGER NOT NULL DEFAULT 0,
    error_json TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    display_name TEXT,
    enabled INTEGER,
    listed_at TEXT,
    live_json TEXT NOT NULL DEFAULT '{}',
    override_json TEXT NOT NULL DEFAULT '{}',
    learned_json TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (provider, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE defaults (
    role TEXT PRIMARY KEY,
    model TEXT,
    fallbacks_json TEXT NOT NULL DEFAULT '[]',
    parameters_json TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (name TEXT PRIMARY KEY, value_json TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE budgets (
    provider TEXT PRIMARY KEY,
    monthly_micros INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    role TEXT NOT NULL,
    model TEXT NOT NULL,
    bytes_out INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    files_json TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_at ON ledger (at);
CREATE INDEX ledger_provider ON ledger (provider, at);

CREATE TABLE usage (
    day TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    role TEXT NOT NULL,
    requests INTEGER NOT NULL,
    priced_requests INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    PRIMARY KEY (day, provider, model, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    model TEXT NOT NULL,
    role TEXT NOT NULL,
    system TEXT,
    forked_from TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX threads_updated ON threads (updated_at DESC, id DESC);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    turn TEXT NOT NULL,
    role TEXT NOT NULL,
    content_json TEXT NOT NULL,
    model TEXT,
    finish_reason TEXT,
    usage_json TEXT,
    cost_micros INTEGER,
    at TEXT NOT NULL,
    UNIQUE (thread, seq)
) STRICT;

-- Substrings of three letters and more, in any script; rowid is messages.id.
CREATE VIRTUAL TABLE message_text USING fts5 (text, tokenize = 'trigram');
CREATE TRIGGER message_text_gone AFTER DELETE ON messages
BEGIN DELETE FROM message_text WHERE rowid = old.id; END;

CREATE TABLE completion_tallies (
    day TEXT NOT NULL,
    model TEXT NOT NULL,
    language TEXT NOT NULL,
    tally_json TEXT NOT NULL,
    PRIMARY KEY (day, model, language)
) STRICT, WITHOUT ROWID;
"""

# Not watched: other windows learn by themselves.
_CALIBRATIONS = """
CREATE TABLE calibrations (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    factor REAL NOT NULL,
    samples INTEGER NOT NULL,
    PRIMARY KEY (provider, model)
) STRICT, WITHOUT ROWID;
"""

_HOLDS = """
CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    provider TEXT NOT NULL,
    micros INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST + "\n".join(map(_watch, _WATCHED)),
    _CALIBRATIONS,
    _HOLDS,
)
