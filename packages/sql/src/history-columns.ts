import type { Dialect } from './dialect.ts';

/** Grows by one with every change of the tables; kept in the lock's row. */
export const LAYOUT = 1;

export type ColumnType = 'key' | 'text' | 'long' | 'integer';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
}

const column = (name: string, type: ColumnType, required = false): Column => ({ name, type, required });

/** Those of `HistoryEntry`, in its order; what every start reads. */
export const ENTRY_COLUMNS: readonly Column[] = [
  column('id', 'key', true),
  column('version', 'text'),
  column('name', 'text', true),
  column('kind', 'text', true),
  column('state', 'text', true),
  column('file', 'text', true),
  column('checksum', 'text'),
  column('raw_checksum', 'text'),
  column('applied_order', 'integer', true),
  column('finished_at', 'integer'),
];

/** Those of `HistoryRow`. `statement_hashes`, `intent` and `cursors` hold JSON. */
export const ROW_COLUMNS: readonly Column[] = [
  ...ENTRY_COLUMNS,
  column('statements_total', 'integer'),
  column('statements_done', 'integer', true),
  column('statement_hashes', 'long', true),
  column('intent', 'long'),
  column('cursors', 'long', true),
  column('attempt', 'integer', true),
  column('token', 'integer', true),
  column('run_id', 'text', true),
  column('username', 'text', true),
  column('started_at', 'integer', true),
  column('duration_ms', 'integer'),
  column('result', 'long'),
  column('error_code', 'text'),
  column('error', 'long'),
  column('down_source', 'long'),
  column('tool_version', 'text', true),
];

export const EVENT_COLUMNS: readonly Column[] = [
  column('seq', 'integer', true),
  column('at', 'integer', true),
  column('run_id', 'text', true),
  column('actor', 'text', true),
  column('action', 'text', true),
  column('id', 'text'),
  column('detail', 'long'),
  column('prev_hash', 'text', true),
  column('hash', 'text', true),
];

/** One row, `id` 1, that stays; `run_id` is null while nobody holds the lock. `process_key` and `backend` say whether its holder lives. */
export const LOCK_COLUMNS: readonly Column[] = [
  column('id', 'integer', true),
  column('layout', 'integer', true),
  column('token', 'integer', true),
  column('run_id', 'text'),
  column('username', 'text'),
  column('host', 'text'),
  column('pid', 'integer'),
  column('process_key', 'text'),
  column('backend', 'text'),
  column('since', 'integer'),
  column('heartbeat', 'integer'),
  column('expires', 'integer'),
];

/** Keys compare byte by byte: `R__a` and `R__A` are two migrations. */
export function columnType(dialect: Dialect, type: ColumnType): string {
  switch (dialect.name) {
    case 'sqlite':
      return { key: 'TEXT', text: 'TEXT', long: 'TEXT', integer: 'INTEGER' }[type];
    case 'postgres':
      return { key: 'text', text: 'text', long: 'text', integer: 'bigint' }[type];
    case 'mysql':
    case 'mariadb':
      return { key: 'varchar(255)', text: 'varchar(1024)', long: 'longtext', integer: 'bigint' }[type];
  }
}
