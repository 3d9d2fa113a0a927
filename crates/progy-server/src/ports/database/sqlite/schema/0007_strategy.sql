-- A workspace that changes its strategy to `git` has its revisions as commits from then on: `former`
-- is what such a revision was called before, and is still found by.
ALTER TABLE revision ADD COLUMN former BLOB;
CREATE UNIQUE INDEX revision_former ON revision (workspace, former) WHERE former IS NOT NULL;
