-- Edits know what they are about, the whole state they wish for, and the change
-- set they are part of. Those that were written down before are carried over.

CREATE TABLE change_sets (
    id            TEXT PRIMARY KEY NOT NULL,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    undoes        TEXT
) STRICT;

CREATE INDEX change_sets_by_connection ON change_sets (connection_id, created_at);

CREATE TABLE edits_of_subjects (
    id              TEXT PRIMARY KEY NOT NULL,
    connection_id   TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    environment_key TEXT NOT NULL,
    -- What it is about, as JSON, and the flag it concerns, for looking up.
    subject         TEXT NOT NULL,
    flag_key        TEXT,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    -- The state's name, for looking up; the whole state is beside it.
    state_name      TEXT NOT NULL,
    state           TEXT NOT NULL,
    -- JSON null where the subject does not exist.
    base            TEXT NOT NULL,
    wish            TEXT NOT NULL,
    change_set_id   TEXT REFERENCES change_sets (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    ticked          INTEGER NOT NULL,
    rounds          INTEGER NOT NULL,
    undoes          TEXT,
    attempt         TEXT NOT NULL
) STRICT;

INSERT INTO edits_of_subjects
SELECT id, connection_id, environment_key,
       json_object('subject', 'flag_state', 'flag', flag_key), flag_key,
       created_at, changed_at, state_name,
       CASE WHEN state_name = 'conflicted'
            THEN json_set(state, '$.theirs',
                          json_object('of', 'flag_state', 'state', json_extract(state, '$.theirs')))
            ELSE state END,
       json_object('of', 'flag_state', 'state', json(base)),
       json_object('of', 'flag_state', 'state', json(
           json_set(base,
                    '$.enabled',
                    json(CASE json_type(change, '$.enabled')
                         WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
                         ELSE base -> '$.enabled' END),
                    '$.value',
                    json(CASE WHEN coalesce(json_type(change, '$.value'), 'null') = 'null'
                         THEN base -> '$.value'
                         ELSE change -> '$.value' END)))),
       NULL, 0, 1, 0, NULL,
       json_object('tries', 1, 'handle', NULL, 'sent_at', NULL, 'answered_at', NULL, 'settled_at', NULL)
FROM edits
WHERE json_valid(base) AND json_valid(change) AND json_valid(state);

-- What cannot be read stays as it is, so that it is still told of.
INSERT INTO edits_of_subjects
SELECT id, connection_id, environment_key, json_object('subject', 'flag_state', 'flag', flag_key), flag_key,
       created_at, changed_at, state_name, state, base, change, NULL, 0, 1, 0, NULL, '{}'
FROM edits
WHERE NOT (json_valid(base) AND json_valid(change) AND json_valid(state));

DROP TABLE edits;
ALTER TABLE edits_of_subjects RENAME TO edits;

CREATE INDEX edits_by_flag ON edits (connection_id, environment_key, flag_key);
CREATE INDEX edits_by_state ON edits (state_name);
CREATE INDEX edits_by_change_set ON edits (change_set_id, position);
