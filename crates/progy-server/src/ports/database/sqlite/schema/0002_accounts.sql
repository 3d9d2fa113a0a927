-- Accounts, with the names and meanings of Better Auth's tables; what is ours beside them is said.
-- Secrets (session tokens, device codes, invites, personal access tokens) are kept as BLAKE3.

-- `name` was the login name. Better Auth's is the name to greet with, and its plugin `username`
-- calls the unique one `username`, which is what an author publishes under.
ALTER TABLE user RENAME COLUMN name TO username;
ALTER TABLE user ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN image TEXT;
ALTER TABLE user ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE user SET name = username, updated_at = created_at, email = lower(trim(email));

-- What happened, for those who run the server. No reference: it outlives what it tells of.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    event       TEXT NOT NULL,
    user_id     TEXT,
    ip_address  TEXT,
    subject     TEXT,
    detail      TEXT
) STRICT;
CREATE INDEX audit_user ON audit (user_id, at);

-- An address stands for one person from now on: the first who had it. That others had it is kept.
INSERT INTO audit (at, event, user_id, detail)
    SELECT u.created_at, 'email_released', u.id, u.email FROM user u
    WHERE EXISTS (SELECT 1 FROM user o WHERE o.email = u.email
        AND (o.created_at, o.id) < (u.created_at, u.id));
UPDATE user SET email = NULL
    WHERE id IN (SELECT user_id FROM audit WHERE event = 'email_released');
CREATE UNIQUE INDEX user_email ON user (email);

-- `device_name`, `remembered`, `last_seen_at` and what serves rotation are ours. After a rotation
-- `previous_token` is still good for a moment, for requests that were on their way.
CREATE TABLE session (
    id              TEXT PRIMARY KEY,
    token           BLOB NOT NULL UNIQUE,
    user_id         TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    expires_at      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    ip_address      TEXT,
    user_agent      TEXT,
    device_name     TEXT,
    remembered      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    previous_token  BLOB UNIQUE,
    rotated_at      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_expiry ON session (expires_at);

-- `provider_id` is `credential` (then `account_id` is the user's id, and `password` an argon2id
-- hash in PHC format) or `github`. The three tokens are sealed: the key is not in the database.
CREATE TABLE account (
    id                       TEXT PRIMARY KEY,
    account_id               TEXT NOT NULL,
    provider_id              TEXT NOT NULL,
    user_id                  TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    access_token             BLOB,
    refresh_token            BLOB,
    id_token                 BLOB,
    access_token_expires_at  INTEGER,
    refresh_token_expires_at INTEGER,
    scope                    TEXT,
    password                 TEXT,
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    UNIQUE (provider_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_user ON account (user_id);

-- Something that comes back once: the state of an OAuth login, for instance.
CREATE TABLE verification (
    id          TEXT PRIMARY KEY,
    identifier  TEXT NOT NULL,
    value       TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX verification_identifier ON verification (identifier);
CREATE INDEX verification_expiry ON verification (expires_at);

-- `user_id` is who has claimed the code. `polling_interval` is in milliseconds. `device_name`,
-- `ip_address`, `user_agent` and `created_at` are ours: who asks, to be shown to who confirms.
CREATE TABLE device_code (
    id                TEXT PRIMARY KEY,
    device_code       BLOB NOT NULL UNIQUE,
    user_code         TEXT NOT NULL UNIQUE,
    user_id           TEXT REFERENCES user (id) ON DELETE CASCADE,
    expires_at        INTEGER NOT NULL,
    status            TEXT NOT NULL,
    last_polled_at    INTEGER,
    polling_interval  INTEGER NOT NULL,
    client_id         TEXT NOT NULL,
    scope             TEXT,
    device_name       TEXT,
    ip_address        TEXT,
    user_agent        TEXT,
    created_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_code_expiry ON device_code (expires_at);
CREATE INDEX device_code_user ON device_code (user_id);

-- Personal access tokens get an id to be named by. Those that exist may do all that they could.
ALTER TABLE token ADD COLUMN id TEXT;
ALTER TABLE token ADD COLUMN last_used_at INTEGER;
UPDATE token SET id = lower(hex(randomblob(16))), scopes = coalesce(scopes, 'sync publish admin');
CREATE UNIQUE INDEX token_id ON token (id);

-- Each registers one person, whatever the registration policy is.
CREATE TABLE invite (
    id          TEXT PRIMARY KEY,
    code        BLOB NOT NULL UNIQUE,
    role        TEXT NOT NULL,
    email       TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    used_by     TEXT
) STRICT, WITHOUT ROWID;
