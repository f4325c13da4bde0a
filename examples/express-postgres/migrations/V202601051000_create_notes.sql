-- detent:up
CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL);
INSERT INTO notes (body) VALUES ('Migrated before the first request.');

-- detent:down
DROP TABLE notes;
