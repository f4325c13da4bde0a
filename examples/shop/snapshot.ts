import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { styleText } from 'node:util';

/** What a database holds, read by Node's own SQLite and not by Detent: one line for the schema, one for each table. */
export interface Snapshot {
  readonly name: string;
  /** Of a table; objects in the schema. */
  readonly rows: number;
  /** SHA-256 of every value, in the order of the primary key. */
  readonly checksum: string;
}

/** Leaves out what SQLite and Detent keep for themselves. */
export function takeSnapshot(path: string): readonly Snapshot[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const schema = db.prepare(`SELECT type, name, sql FROM sqlite_schema WHERE ${OURS} ORDER BY type, name`).all();
    const tables = schema.filter(({ type }) => type === 'table').map(({ name }) => String(name));
    return [
      summary('schema', schema),
      ...tables.map((name) => summary(name, db.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`).all())),
    ];
  } finally {
    db.close();
  }
}

export function isSame(before: readonly Snapshot[], after: readonly Snapshot[]): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

/** Both side by side, 80 columns at most. */
export function compared(before: readonly Snapshot[], after: readonly Snapshot[]): string {
  const then = new Map(before.map((item) => [item.name, item]));
  const head = `  ${'table'.padEnd(16)}${'rows before → after'.padEnd(22)}${'SHA-256 before → after'.padEnd(28)}`;
  const lines = after.map((now) => {
    const old = then.get(now.name);
    const rows = `${String(old?.rows ?? '–').padStart(6)} → ${String(now.rows).padEnd(6)}`;
    const sums = `${short(old?.checksum)} → ${short(now.checksum)}`;
    const same = old?.checksum === now.checksum && old.rows === now.rows;
    const verdict = same ? styleText('green', 'same') : styleText('yellow', 'differs');
    return `  ${now.name.padEnd(16)}${rows.padEnd(22)}${sums.padEnd(28)}${verdict}`;
  });
  return [styleText('gray', head.trimEnd()), ...lines].join('\n');
}

const OURS = "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'schema\\_version%' ESCAPE '\\'";

function summary(name: string, rows: readonly unknown[]): Snapshot {
  return { name, rows: rows.length, checksum: hash('sha256', JSON.stringify(rows)) };
}

function short(checksum: string | undefined): string {
  return checksum === undefined ? '–'.padEnd(10) : checksum.slice(0, 10);
}
