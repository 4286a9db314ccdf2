-- What each environment was: one row per difference that a refresh found, and
-- the parts of which its content is put together, each kept once. How they are
-- read is told in the module `history`.
-- Moments are milliseconds since the Unix epoch, UTC.

-- Bound to the connection alone: the past of an environment that the service
-- no longer lists is what one may be asked for next.
CREATE TABLE timelines (
    id              INTEGER PRIMARY KEY,
    connection_id   TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    environment_key TEXT NOT NULL,
    UNIQUE (connection_id, environment_key)
) STRICT;

-- Identifiers count up and are never given twice: a window may still ask for
-- one that is gone.
CREATE TABLE moments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    timeline_id INTEGER NOT NULL REFERENCES timelines (id) ON DELETE CASCADE,
    first_seen  INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    before      INTEGER,
    source      TEXT NOT NULL,
    name        TEXT,
    pinned      INTEGER NOT NULL,
    -- JSON: what was touched, by whom, and sizes.
    record      TEXT NOT NULL,
    -- Sums over the seals of its spans, by which a lost one is noticed.
    roots       BLOB NOT NULL,
    -- A hash over the rest of the row.
    seal        INTEGER NOT NULL
) STRICT;

CREATE INDEX moments_by_timeline ON moments (timeline_id, id, first_seen);
CREATE INDEX moments_by_time ON moments (first_seen);
CREATE INDEX kept_moments ON moments (timeline_id) WHERE pinned OR name IS NOT NULL;

CREATE TABLE touched_flags (
    moment_id INTEGER NOT NULL REFERENCES moments (id) ON DELETE CASCADE,
    flag_key  TEXT NOT NULL,
    PRIMARY KEY (moment_id, flag_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX moments_by_flag ON touched_flags (flag_key, moment_id);

CREATE TABLE bodies (
    id    INTEGER PRIMARY KEY,
    -- The first sixteen bytes of the SHA-256 of the text.
    hash  BLOB NOT NULL UNIQUE,
    -- The body that this one's text was compressed against; itself against none.
    base  INTEGER REFERENCES bodies (id),
    codec INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX bodies_by_base ON bodies (base) WHERE base IS NOT NULL;

CREATE TABLE spans (
    id          INTEGER PRIMARY KEY,
    timeline_id INTEGER NOT NULL REFERENCES timelines (id) ON DELETE CASCADE,
    -- The list it is in, its key there, which one of those with this key it
    -- is, and its place among them all: sparse, so that one may come between.
    list        TEXT NOT NULL,
    key         TEXT NOT NULL,
    occurrence  INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    -- What people call it, where that is not the key.
    label       TEXT,
    -- JSON: what came with it and is no content.
    aside       TEXT,
    body        INTEGER NOT NULL REFERENCES bodies (id),
    -- It held in every moment of the timeline from the first to the last of
    -- these identifiers; the largest integer while nothing else is known.
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    -- A hash over what it is.
    seal        INTEGER NOT NULL
) STRICT;

CREATE INDEX spans_by_moment ON spans (timeline_id, last, first);
CREATE INDEX spans_by_body ON spans (body);
