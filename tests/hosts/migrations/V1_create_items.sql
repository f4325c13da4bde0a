-- detent:up
CREATE TABLE items (id integer PRIMARY KEY, name text NOT NULL);
-- detent:down
DROP TABLE items;
