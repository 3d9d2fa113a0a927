-- Users, tokens, courses, workspaces, revisions, contents.
-- Times are milliseconds since 1970; hashes and ids of fixed length are blobs.

CREATE TABLE user (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    email       TEXT,
    role        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `hash` is BLAKE3 of the token; the token itself is nowhere.
CREATE TABLE token (
    hash        BLOB PRIMARY KEY,
    user        TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name        TEXT,
    scopes      TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_user ON token (user);

CREATE TABLE course (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    latest      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Immutable. `template` is the encoded index of the template pack.
CREATE TABLE course_version (
    id           INTEGER PRIMARY KEY,
    course       TEXT NOT NULL REFERENCES course (id),
    version      TEXT NOT NULL,
    size         INTEGER NOT NULL,
    package      BLOB NOT NULL,
    files        INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    publisher    TEXT NOT NULL,
    manifest     BLOB NOT NULL,
    template     BLOB NOT NULL,
    UNIQUE (course, version)
) STRICT;

-- `head` is the newest revision's `seq`; `overlay` is that revision's whole overlay; `stored` is
-- what the workspace counts against its learner's quota, in bytes.
CREATE TABLE workspace (
    id          INTEGER PRIMARY KEY,
    user        TEXT NOT NULL REFERENCES user (id),
    course      TEXT NOT NULL REFERENCES course (id),
    strategy    TEXT NOT NULL,
    version     TEXT NOT NULL,
    head        INTEGER,
    stored      INTEGER NOT NULL DEFAULT 0,
    overlay     BLOB,
    UNIQUE (user, course)
) STRICT;
CREATE INDEX workspace_course ON workspace (course);

-- The merged records of all devices.
CREATE TABLE progress (
    workspace   INTEGER PRIMARY KEY REFERENCES workspace (id),
    digest      TEXT NOT NULL,
    records     BLOB NOT NULL
) STRICT;

-- History is a line: `seq` counts from 1, and the parent of a revision is the one before it.
-- `files` is the whole overlay if `keyframe`, else what differs from the parent's.
CREATE TABLE revision (
    workspace     INTEGER NOT NULL REFERENCES workspace (id),
    seq           INTEGER NOT NULL,
    id            BLOB NOT NULL,
    parent        BLOB,
    save          BLOB NOT NULL,
    digest        BLOB NOT NULL,
    device        BLOB NOT NULL,
    device_name   TEXT NOT NULL,
    message       TEXT NOT NULL,
    lesson        TEXT,
    saved_at      INTEGER NOT NULL,
    received_at   INTEGER NOT NULL,
    version       TEXT NOT NULL,
    files_changed INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    keyframe      INTEGER NOT NULL,
    files         BLOB NOT NULL,
    PRIMARY KEY (workspace, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX revision_id ON revision (workspace, id);
CREATE UNIQUE INDEX revision_save ON revision (workspace, save);

-- A Zstandard frame relative to `base`: a content of the same workspace, or, with `base_version`, a
-- file of that version's template; alone without `base`. `depth` counts the frames below it.
CREATE TABLE content (
    id           INTEGER PRIMARY KEY,
    workspace    INTEGER NOT NULL REFERENCES workspace (id),
    hash         BLOB NOT NULL,
    size         INTEGER NOT NULL,
    base         BLOB,
    base_version TEXT,
    depth        INTEGER NOT NULL,
    data         BLOB NOT NULL,
    UNIQUE (workspace, hash)
) STRICT;
