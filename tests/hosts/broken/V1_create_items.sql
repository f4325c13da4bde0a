CREATE TABLE items (id integer PRIMARY KEY, name text NOT NULL);
CREATE INDEX by_name ON items (nmae);
