-- What opens one repository for a while; `id` is BLAKE3 of the token, the token itself is nowhere.
CREATE TABLE git_token (
    id          BLOB PRIMARY KEY,
    user        TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    course      TEXT NOT NULL,
    access      TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX git_token_expires_at ON git_token (expires_at);
