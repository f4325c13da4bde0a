import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const FIRST_VERSION = 20_240_101_000_000;
const KINDS = 5;

/** How a tool wants its files to be called. */
export type Layout = 'versions' | 'numbers' | 'drizzle' | 'migrate-mongo';

/** Small SQL migrations of one statement each, because TypeORM sends one at a time: tables, rows, columns, indexes. */
export function writeSqlMigrations(folder: string, count: number, layout: Layout = 'versions'): void {
  const tags: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { name, text } = sqlMigration(n);
    const tag = `${layout === 'versions' ? `V${FIRST_VERSION + n}` : n + 1}_${name}`;
    writeFileSync(join(folder, `${tag}.sql`), text);
    tags.push(tag);
  }
  if (layout === 'drizzle') writeDrizzleJournal(folder, tags);
}

/** The same as functions of migrate-mongo, which Detent runs as they are. */
export function writeMongoMigrations(folder: string, count: number): void {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (let n = 0; n < count; n += 1) {
    const { name, work } = mongoMigration(n);
    const text = `export async function up(db, client) {\n  ${work}\n}\n\nexport async function down(db, client) {}\n`;
    writeFileSync(join(folder, `${FIRST_VERSION + n}-${name}.js`), text);
  }
}

function mongoMigration(n: number): { readonly name: string; readonly work: string } {
  const table = `orders_${Math.floor(n / KINDS)}`;
  const collection = `db.collection('${table}')`;
  switch (n % KINDS) {
    case 0:
      return { name: `create_${table}`, work: `await db.createCollection('${table}');` };
    case 1:
      return {
        name: `first_rows_of_${table}`,
        work: `await ${collection}.insertMany([{ _id: 1, customer: 'Anna', total: 1200 }, { _id: 2, customer: 'Bo', total: 99 }]);`,
      };
    case 2:
      return { name: `add_note_to_${table}`, work: `await ${collection}.updateMany({}, { $set: { note: null } });` };
    case 3:
      return {
        name: `index_${table}`,
        work: `await ${collection}.createIndex({ customer: 1 }, { name: '${table}_by_customer' });`,
      };
    default:
      return {
        name: `more_rows_of_${table}`,
        work: `await ${collection}.insertOne({ _id: 3, customer: 'Cem', note: "it's late" });`,
      };
  }
}

function writeDrizzleJournal(folder: string, tags: readonly string[]): void {
  const entries = tags.map((tag, idx) => ({ idx, version: '7', when: FIRST_VERSION + idx, tag, breakpoints: true }));
  mkdirSync(join(folder, 'meta'));
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ version: '7', dialect: 'postgresql', entries }));
}

function sqlMigration(n: number): { readonly name: string; readonly text: string } {
  const table = `orders_${Math.floor(n / KINDS)}`;
  switch (n % KINDS) {
    case 0:
      return {
        name: `create_${table}`,
        text: `CREATE TABLE ${table} (\n  id INTEGER PRIMARY KEY,\n  customer VARCHAR(80) NOT NULL,\n  total INTEGER NOT NULL DEFAULT 0\n);\n`,
      };
    case 1:
      return {
        name: `first_rows_of_${table}`,
        text: `-- Two to begin with.\nINSERT INTO ${table} (id, customer, total) VALUES (1, 'Anna', 1200), (2, 'Bo; and Co', 99);\n`,
      };
    case 2:
      return { name: `add_note_to_${table}`, text: `ALTER TABLE ${table} ADD COLUMN note TEXT;\n` };
    case 3:
      return { name: `index_${table}`, text: `CREATE INDEX ${table}_by_customer ON ${table} (customer);\n` };
    default:
      return {
        name: `more_rows_of_${table}`,
        text: `INSERT INTO ${table} (id, customer, note) VALUES (3, 'Cem', 'it''s late');\n`,
      };
  }
}

export function writeTypeScriptMigrations(folder: string, count: number): void {
  for (let n = 0; n < count; n += 1) {
    const text = `interface Database { exec(sql: string): void }

export async function up(db: Database): Promise<string> {
  const table: string = 'customers_${n}';
  db.exec(\`CREATE TABLE \${table} (id INTEGER PRIMARY KEY, name TEXT NOT NULL)\`);
  return \`Created \${table}\`;
}

export async function down(db: Database): Promise<void> {
  db.exec('DROP TABLE customers_${n}');
}
`;
    writeFileSync(join(folder, `V${FIRST_VERSION + n}_create_customers_${n}.ts`), text);
  }
}

/** Throws when the SQL migrations did not all take effect, or one did twice. */
export function checkMigrated(path: string, count: number): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const made = Number(
      database.prepare("SELECT count(*) n FROM sqlite_schema WHERE name LIKE 'orders_%'").get()?.['n'],
    );
    const rows = Number(database.prepare('SELECT count(*) n FROM orders_0').get()?.['n']);
    checkEffect({ made, rows }, count);
  } finally {
    database.close();
  }
}

/** What a database holds after the migrations: tables with indexes, and rows of the first table. */
export interface Effect {
  readonly made: number;
  readonly rows: number;
}

export function checkEffect({ made, rows }: Effect, count: number): void {
  const wanted = countKind(count, 0) + countKind(count, 3);
  if (made !== wanted) throw new Error(`${made} tables and indexes were made, not ${wanted}.`);
  const wantedRows = (count > 1 ? 2 : 0) + (count > 4 ? 1 : 0);
  if (rows !== wantedRows) throw new Error(`The first table has ${rows} rows, not ${wantedRows}.`);
}

/** How many of the migrations make an index. */
export function countIndexes(count: number): number {
  return countKind(count, 3);
}

function countKind(count: number, kind: number): number {
  return Math.floor((count + KINDS - 1 - kind) / KINDS);
}
