-- Nobody thought of households that share a telephone.
-- detent:up
ALTER TABLE customers ADD COLUMN phone_verified_at TEXT;
CREATE UNIQUE INDEX one_account_per_phone ON customers (phone);

-- detent:down
DROP INDEX one_account_per_phone;
ALTER TABLE customers DROP COLUMN phone_verified_at;
