-- detent:up
CREATE INDEX CONCURRENTLY notes_by_body ON notes (body);

-- detent:down
DROP INDEX CONCURRENTLY notes_by_body;
