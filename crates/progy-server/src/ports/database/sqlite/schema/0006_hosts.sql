-- What is known of learners' repositories that another service keeps. `host` names the service and
-- where it is: ids of one mean nothing to another.
CREATE TABLE host_account (
    user        TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    host        TEXT NOT NULL,
    remote_id   INTEGER NOT NULL,
    login       TEXT NOT NULL,
    PRIMARY KEY (user, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE host_repo (
    user        TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    course      TEXT NOT NULL,
    host        TEXT NOT NULL,
    remote_id   INTEGER NOT NULL,
    owner       TEXT NOT NULL,
    name        TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    PRIMARY KEY (user, course, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_repo_remote ON host_repo (host, remote_id);

-- Tokens of those services, sealed. A row without a secret is of a token that is being made, that
-- nobody made after all, or that is given out no more: it is deleted there at its end.
CREATE TABLE host_token (
    name        TEXT PRIMARY KEY,
    host        TEXT NOT NULL,
    user        TEXT NOT NULL,
    login       TEXT NOT NULL,
    course      TEXT NOT NULL,
    access      TEXT NOT NULL,
    secret      BLOB,
    made_at     INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_token_of ON host_token (host, user, course, access, made_at);
CREATE INDEX host_token_ends_at ON host_token (host, ends_at);

CREATE TRIGGER host_token_key BEFORE UPDATE OF secret ON host_token
WHEN EXISTS (SELECT 1 FROM vault_key k WHERE
    CAST('sealed1.' || k.id || '.' AS BLOB) = substr(NEW.secret, 1, 25))
BEGIN SELECT RAISE(ABORT, 'vault key retired'); END;
