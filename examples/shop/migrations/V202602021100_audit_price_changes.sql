-- detent:up
CREATE TABLE price_changes (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id  INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  from_cents  INTEGER NOT NULL,
  to_cents    INTEGER NOT NULL,
  changed_at  TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE TRIGGER products_price_audit
AFTER UPDATE OF price_cents ON products
WHEN old.price_cents <> new.price_cents
BEGIN
  INSERT INTO price_changes (product_id, from_cents, to_cents)
  VALUES (new.id, old.price_cents, new.price_cents);
END;

-- detent:down
DROP TRIGGER products_price_audit;
DROP TABLE price_changes;
