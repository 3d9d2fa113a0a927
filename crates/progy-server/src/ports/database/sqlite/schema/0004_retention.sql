-- Lines of the log that are older than they are kept.
CREATE INDEX audit_at ON audit (at);
