-- detent:up
ALTER TABLE notes ADD COLUMN author TEXT;

-- detent:down
ALTER TABLE notes DROP COLUMN author;
