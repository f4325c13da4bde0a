-- Seven percent more. The way back looks right and is not: cents are lost in rounding.
-- detent:up
UPDATE products SET price_cents = CAST(round(price_cents * 1.07) AS INTEGER);

-- detent:down
UPDATE products SET price_cents = price_cents * 100 / 107;
