-- detent:up
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
INSERT INTO notes (body) VALUES ('Migrated when the dev server started.');

-- detent:down
DROP TABLE notes;
