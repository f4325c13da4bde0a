-- detent:up
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);

-- detent:down
DROP TABLE notes;
