-- Packs of blobs, for the strategy `snapshot`. A store is what one learner has (`owner` is `u` and
-- their id) or what one course version brings (`t` and the hash of its package); `complete` says that
-- all of the latter is there. `committed` counts the revisions that were built on a store, `swept` how
-- often blobs were taken out of it: whoever decided on the ground of an earlier count decides anew.
CREATE TABLE blob_store (
    id          INTEGER PRIMARY KEY,
    owner       TEXT NOT NULL UNIQUE,
    complete    INTEGER NOT NULL DEFAULT 0,
    committed   INTEGER NOT NULL DEFAULT 0,
    swept       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The object of a pack has the name of its number, which no other pack ever has. `state`: 0 on its
-- way in, 1 there, 2 taken out (its object goes once nobody can be reading it). `at` is when it got
-- there, or was asked for again. `tail` is the end of its bytes: the index. `counted` says that a
-- revision has counted it as sent.
CREATE TABLE pack (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    store       INTEGER NOT NULL REFERENCES blob_store (id),
    state       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    name        BLOB,
    size        INTEGER NOT NULL DEFAULT 0,
    tail        BLOB,
    counted     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX pack_store ON pack (store, state, number);
CREATE UNIQUE INDEX pack_name ON pack (store, name) WHERE state = 1;

-- Where a blob is. It may be in several packs.
CREATE TABLE blob (
    store       INTEGER NOT NULL REFERENCES blob_store (id),
    name        BLOB NOT NULL,
    pack        INTEGER NOT NULL,
    len         INTEGER NOT NULL,
    PRIMARY KEY (store, name, pack)
) STRICT, WITHOUT ROWID;

-- The course versions whose files a workspace's snapshots may be made of.
CREATE TABLE snapshot_version (
    workspace   INTEGER NOT NULL REFERENCES workspace (id),
    version     TEXT NOT NULL,
    PRIMARY KEY (workspace, version)
) STRICT, WITHOUT ROWID;

-- `root` names the tree of a snapshot; one that expired has none and is in no list.
ALTER TABLE revision ADD COLUMN root BLOB;
ALTER TABLE revision ADD COLUMN completes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revision ADD COLUMN expired_at INTEGER;
CREATE INDEX revision_root ON revision (workspace, seq) WHERE root IS NOT NULL;
