-- detent:up
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
INSERT INTO notes (body) VALUES ('Here before the first request.');

-- detent:down
DROP TABLE notes;
