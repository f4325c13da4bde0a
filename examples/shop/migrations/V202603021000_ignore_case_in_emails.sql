-- SQLite cannot change a column, so the table is built anew. Every order refers to a customer with
-- ON DELETE CASCADE: dropping the old table must not take the orders along.
-- detent:up
CREATE TABLE customers_new (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL COLLATE NOCASE UNIQUE,
  phone      TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO customers_new SELECT id, name, email, phone, created_at FROM customers;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;

-- detent:down
CREATE TABLE customers_old (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL UNIQUE,
  phone      TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO customers_old SELECT id, name, email, phone, created_at FROM customers;
DROP TABLE customers;
ALTER TABLE customers_old RENAME TO customers;
