CREATE TABLE orders (
  id          INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  status      TEXT NOT NULL CHECK (status IN ('open', 'paid', 'sent', 'returned')),
  placed_at   TEXT NOT NULL
) STRICT;

-- The price is kept with the order, because the price of the product changes.
CREATE TABLE order_items (
  order_id    INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  product_id  INTEGER NOT NULL REFERENCES products (id),
  quantity    INTEGER NOT NULL CHECK (quantity > 0),
  price_cents INTEGER NOT NULL CHECK (price_cents > 0),
  PRIMARY KEY (order_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_by_customer ON orders (customer_id, placed_at);
CREATE INDEX order_items_by_product ON order_items (product_id);
