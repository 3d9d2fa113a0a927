-- Keys that no row needs any more. Of a key only its name is known here, never the key itself.
CREATE TABLE vault_key (
    id          TEXT PRIMARY KEY,
    retired_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Until then somebody is getting the next tokens with the refresh token, which is good once.
ALTER TABLE account ADD COLUMN refreshing_until INTEGER;

-- A server that has not noticed a rotation must not write what nobody could read any more. A sealed
-- token begins with `sealed1.KEY.`, where KEY has 16 digits.
CREATE TRIGGER account_insert_key BEFORE INSERT ON account
WHEN EXISTS (SELECT 1 FROM vault_key k WHERE CAST('sealed1.' || k.id || '.' AS BLOB) IN (
    substr(NEW.access_token, 1, 25), substr(NEW.refresh_token, 1, 25), substr(NEW.id_token, 1, 25)))
BEGIN SELECT RAISE(ABORT, 'vault key retired'); END;

CREATE TRIGGER account_update_key
BEFORE UPDATE OF access_token, refresh_token, id_token ON account
WHEN EXISTS (SELECT 1 FROM vault_key k WHERE CAST('sealed1.' || k.id || '.' AS BLOB) IN (
    substr(NEW.access_token, 1, 25), substr(NEW.refresh_token, 1, 25), substr(NEW.id_token, 1, 25)))
BEGIN SELECT RAISE(ABORT, 'vault key retired'); END;
