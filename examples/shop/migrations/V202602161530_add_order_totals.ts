import { defineMigration } from '@detent/sqlite';

export default defineMigration({
  async up(_db, _info, handler) {
    const { sql } = handler;
    await sql`ALTER TABLE orders ADD COLUMN total_cents INTEGER NOT NULL DEFAULT 0`;

    await handler.forEachBatch<{ id: number }>({ table: 'orders', size: 500 }, async (orders) => {
      const [first, last] = [orders[0]?.id, orders.at(-1)?.id];
      await sql`
        UPDATE orders SET total_cents = (
          SELECT coalesce(sum(quantity * price_cents), 0) FROM order_items WHERE order_id = orders.id
        ) WHERE id BETWEEN ${first} AND ${last}`;
    });
  },

  async down(_db, _info, { sql }) {
    await sql`ALTER TABLE orders DROP COLUMN total_cents`;
  },
});
