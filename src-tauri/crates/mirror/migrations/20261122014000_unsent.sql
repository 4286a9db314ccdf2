-- What is typed and not sent, as the window wrote it: a record per subject.
-- It goes with its connection; no refresh touches it.

CREATE TABLE unsent (
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    subject       TEXT NOT NULL,
    record        TEXT NOT NULL,
    PRIMARY KEY (connection_id, subject)
) STRICT;
