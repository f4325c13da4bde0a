import { defineMigration } from '@detent/sqlite';

const CUSTOMERS = 400;
const PRODUCTS = 60;
const ORDERS = 6_000;

const FIRST = ['Ada', 'Bruno', 'Chidi', 'Dana', 'Emre', 'Freya', 'Goran', 'Hana', 'Ines', 'Jonas'];
const LAST = ['Abara', 'Berg', 'Costa', 'Dahl', 'Eriksen', 'Fofana', 'Gallo', 'Hoang', 'Ivanov', 'Jansen'];
const THINGS = ['Kettle', 'Lamp', 'Mug', 'Notebook', 'Pan', 'Stool'];
const COLOURS = ['black', 'blue', 'green', 'grey', 'orange', 'pink', 'red', 'sand', 'white', 'yellow'];
const STATUS = ['sent', 'sent', 'sent', 'paid', 'open', 'returned'];

export default defineMigration({
  up(db) {
    const random = numbers(20_260_106);
    const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T => items[random(items.length)] as T;

    const customer = db.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?)');
    for (let id = 1; id <= CUSTOMERS; id += 1) {
      const [first, last] = [pick(FIRST), pick(LAST)];
      const email = `${first}.${last}.${id}@example.com`;
      // Some households share a telephone.
      const phone = `+49 30 ${String(5_550_000 + random(380))}`;
      customer.run(id, `${first} ${last}`, email, phone, day(random(365)));
    }

    const product = db.prepare('INSERT INTO products VALUES (?, ?, ?, ?)');
    const prices: number[] = [];
    for (let id = 1; id <= PRODUCTS; id += 1) {
      const [thing, colour] = [THINGS[id % THINGS.length] ?? '', COLOURS[id % COLOURS.length] ?? ''];
      const price = 390 + 10 * random(800);
      product.run(id, `SKU-${String(id).padStart(4, '0')}`, `${thing}, ${colour}`, price);
      prices.push(price);
    }

    const order = db.prepare('INSERT INTO orders VALUES (?, ?, ?, ?)');
    const item = db.prepare('INSERT OR IGNORE INTO order_items VALUES (?, ?, ?, ?)');
    for (let id = 1; id <= ORDERS; id += 1) {
      order.run(id, 1 + random(CUSTOMERS), pick(STATUS), day(random(365)));
      for (let items = 1 + random(4); items > 0; items -= 1) {
        const index = random(PRODUCTS);
        item.run(id, index + 1, 1 + random(3), prices[index] ?? 390);
      }
    }
    return `${ORDERS} orders`;
  },

  down(db) {
    for (const table of ['order_items', 'orders', 'products', 'customers']) db.exec(`DELETE FROM ${table}`);
  },
});

function day(number: number): string {
  return new Date(Date.UTC(2025, 0, 1 + number)).toISOString().slice(0, 10);
}

/** Whole numbers below a limit, the same ones on every machine. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
