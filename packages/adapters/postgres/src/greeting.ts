import { postgres, quoteIdent } from '@detent/sql';
import { NOW } from './bookkeeping.ts';
import { literal } from './inline.ts';
import type { Answer, TextRow, Wire } from './wire.ts';

/** What the server says of itself, of the connection and of Detent's tables, asked once. */
export interface Greeting {
  readonly pid: number;
  /** What stands between is a pooler: the server knows this connection by another number than was given at its start. */
  readonly pooled: boolean;
  /** Of the history. */
  readonly schema: string;
  readonly schemaExists: boolean;
  readonly version: string;
  readonly versionNumber: number;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly isSuperuser: boolean;
  readonly maySignal: boolean;
  readonly mayCreate: boolean;
  readonly user: string;
  readonly database: string;
  readonly walLevel: string;
  readonly encoding: string;
  /** Milliseconds since 1970 on the server's clock, when it answered. */
  readonly answeredAt: number;
  /** The server's clock minus this machine's, in milliseconds, at least; an answer may have lain here unread. */
  readonly clockOffsetMs: number;
  readonly tables: { readonly history: boolean; readonly event: boolean; readonly lock: boolean };
}

/** One SELECT. `schema` is `null` for the one in which tables would be made without saying where. */
export function greetingSql(table: string, schema: string | null): string {
  const place = schema === null ? 'current_schema()' : literal(schema);
  const has = (name: string): string =>
    `to_regclass(quote_ident(${place}) || ${literal(`.${quoteIdent(postgres, name)}`)}) IS NOT NULL`;
  const columns: Readonly<Record<string, string>> = {
    pid: 'pg_backend_pid()',
    schema: place,
    version: "current_setting('server_version')",
    version_number: "current_setting('server_version_num')",
    standby: 'pg_is_in_recovery()',
    read_only: "current_setting('default_transaction_read_only') = 'on'",
    superuser: "current_setting('is_superuser') = 'on'",
    signal: "pg_has_role(current_user, 'pg_signal_backend', 'member')",
    namespace: `(SELECT has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace WHERE nspname = ${place})`,
    usr: 'current_user',
    db: 'current_database()',
    wal: "current_setting('wal_level')",
    encoding: "current_setting('server_encoding')",
    now: NOW,
    history: has(table),
    event: has(`${table}_event`),
    lck: has(`${table}_lock`),
  };
  return `SELECT ${Object.entries(columns)
    .map(([name, expression]) => `${expression} AS ${name}`)
    .join(', ')}`;
}

/** `sentAt`: when it was asked for, on this machine's clock. */
export function readGreeting(answer: Answer | undefined, wire: Pick<Wire, 'startPid'>, sentAt: number): Greeting {
  const row: TextRow = answer?.rows[0] ?? {};
  const text = (name: string): string => row[name] ?? '';
  const yes = (name: string): boolean => row[name] === 't';
  const pid = Number(text('pid'));
  return {
    pid,
    pooled: wire.startPid !== null && wire.startPid !== pid,
    // Without any schema to create in, the one that every database starts with.
    schema: row['schema'] ?? 'public',
    schemaExists: row['namespace'] !== null && row['namespace'] !== undefined,
    version: text('version'),
    versionNumber: Number(text('version_number')),
    isStandby: yes('standby'),
    isReadOnly: yes('read_only'),
    isSuperuser: yes('superuser'),
    maySignal: yes('signal') || yes('superuser'),
    mayCreate: yes('namespace'),
    user: text('usr'),
    database: text('db'),
    walLevel: text('wal'),
    encoding: text('encoding'),
    answeredAt: Number(text('now')),
    clockOffsetMs: Math.max(Number(text('now')) - Date.now(), 0) || Math.min(Number(text('now')) - sentAt, 0),
    tables: { history: yes('history'), event: yes('event'), lock: yes('lck') },
  };
}
