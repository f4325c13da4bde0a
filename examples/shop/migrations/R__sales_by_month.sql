-- Runs again whenever this text changes.
DROP VIEW IF EXISTS sales_by_month;
CREATE VIEW sales_by_month AS
SELECT substr(orders.placed_at, 1, 7) AS month,
       count(DISTINCT orders.id) AS orders,
       sum(order_items.quantity * order_items.price_cents) AS total_cents
FROM orders JOIN order_items ON order_items.order_id = orders.id
WHERE orders.status <> 'returned'
GROUP BY month;
