import { NOW } from './bookkeeping.ts';
import { literal } from './literal.ts';
import type { Answer, TextRow, Wire } from './wire.ts';

export type Product = 'MariaDB' | 'MySQL';

/** What the server says of itself, of the connection and of Detent's tables, asked once. */
export interface Greeting {
  /** The number of the connection. */
  readonly id: number;
  /** Something stands between that gives the connection another number than the server does. */
  readonly proxied: boolean;
  readonly product: Product;
  readonly version: string;
  /** 101118 for 10.11.18. */
  readonly versionNumber: number;
  /** A change of the schema takes effect as a whole or not at all, also when the server dies in the middle of it. */
  readonly hasAtomicDdl: boolean;
  /** The database of the connection; `null` when none was named. */
  readonly database: string | null;
  /** Of the history; empty where neither the connection nor anybody else names one. */
  readonly schema: string;
  readonly schemaExists: boolean;
  readonly user: string;
  readonly isReadOnly: boolean;
  readonly sqlMode: string;
  /** Names of tables are stored, or compared, in lower case. */
  readonly foldsNames: boolean;
  readonly maxPacket: number;
  /** The server's clock minus this machine's, in milliseconds, at least; an answer may have lain here unread. */
  readonly clockOffsetMs: number;
  readonly tables: { readonly history: boolean; readonly event: boolean; readonly lock: boolean };
}

/** One SELECT. `schema` is `null` for the database of the connection. */
export function greetingSql(table: string, schema: string | null): string {
  const place = schema === null ? 'DATABASE()' : literal(schema);
  const names = [table, `${table}_event`, `${table}_lock`].map(literal).join(', ');
  const columns: Readonly<Record<string, string>> = {
    id: 'CONNECTION_ID()',
    version: '@@version',
    comment: '@@version_comment',
    db: 'DATABASE()',
    place,
    place_exists: `(SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${place})`,
    usr: 'CURRENT_USER()',
    ro: '@@global.read_only',
    sql_mode: '@@session.sql_mode',
    folds: '@@lower_case_table_names',
    packet: '@@max_allowed_packet',
    now: NOW,
    own: `(SELECT GROUP_CONCAT(TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${place} AND TABLE_NAME IN (${names}))`,
  };
  return `SELECT ${Object.entries(columns)
    .map(([name, expression]) => `${expression} AS ${name}`)
    .join(', ')}`;
}

/** `sentAt`: when it was asked for, on this machine's clock. */
export function readGreeting(
  answer: Answer | undefined,
  wire: Pick<Wire, 'startId'>,
  table: string,
  sentAt: number,
): Greeting {
  const row: TextRow = answer?.rows[0] ?? {};
  const text = (name: string): string => row[name] ?? '';
  const id = Number(text('id'));
  const foldsNames = text('folds') !== '0';
  const fold = (name: string): string => (foldsNames ? name.toLowerCase() : name);
  const own = new Set(text('own').split(',').map(fold));
  const version = text('version');
  const product = /mariadb/i.test(version + text('comment')) ? 'MariaDB' : 'MySQL';
  const versionNumber = numberOf(version);
  return {
    id,
    proxied: wire.startId !== null && wire.startId !== id,
    product,
    version: version.replace(/-.*/s, ''),
    versionNumber,
    hasAtomicDdl: versionNumber >= FIRST_ATOMIC[product],
    database: row['db'] ?? null,
    schema: text('place'),
    schemaExists: text('place_exists') !== '0',
    user: text('usr'),
    isReadOnly: text('ro') !== '0',
    sqlMode: text('sql_mode'),
    foldsNames,
    maxPacket: Number(text('packet')),
    clockOffsetMs: Math.max(Number(text('now')) - Date.now(), 0) || Math.min(Number(text('now')) - sentAt, 0),
    tables: {
      history: own.has(fold(table)),
      event: own.has(fold(`${table}_event`)),
      lock: own.has(fold(`${table}_lock`)),
    },
  };
}

const FIRST_ATOMIC = { MariaDB: 100_600, MySQL: 80_000 } as const;

function numberOf(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return major * 10_000 + minor * 100 + (Number.isNaN(patch) ? 0 : patch);
}
