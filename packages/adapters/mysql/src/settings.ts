import type { StatementLimits } from '@detent/core';
import { mariadb, quoteIdent } from '@detent/sql';
import type { Greeting } from './greeting.ts';
import { literal } from './literal.ts';
import type { TextRow } from './wire.ts';

/** How long statements may wait and run, now. 0: as the server has it, and no limit. */
export interface Limits {
  readonly lockMs: number;
  readonly statementMs: number;
}

export function limitsWith(limits: Limits, { lockMs, statementMs }: StatementLimits): Limits {
  return { lockMs: lockMs ?? limits.lockMs, statementMs: statementMs ?? limits.statementMs };
}

/** The limits as one statement. The server counts whole seconds where it waits. */
export function limitSql({ lockMs, statementMs }: Limits, { product }: Greeting): string {
  const wait = lockMs === 0 ? 'DEFAULT' : String(Math.max(1, Math.ceil(lockMs / 1_000)));
  // MySQL limits only reading by itself.
  const run =
    product === 'MariaDB' ? `max_statement_time = ${statementMs / 1_000}` : `max_execution_time = ${statementMs}`;
  return `SET SESSION lock_wait_timeout = ${wait}, SESSION innodb_lock_wait_timeout = ${wait}, SESSION ${run}`;
}

/** What would make the server read a text in another way than Detent takes it apart, alone or as one of several. */
const READING = new Set([
  'ANSI',
  'ANSI_QUOTES',
  'DB2',
  'MAXDB',
  'MSSQL',
  'NO_BACKSLASH_ESCAPES',
  'ORACLE',
  'POSTGRESQL',
]);

/** They say how a statement is read and which rows are taken, and nothing of how a definition is shown. */
const PLAIN = new Set([
  'ALLOW_INVALID_DATES',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'IGNORE_SPACE',
  'NO_AUTO_CREATE_USER',
  'NO_AUTO_VALUE_ON_ZERO',
  'NO_ENGINE_SUBSTITUTION',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'ONLY_FULL_GROUP_BY',
  'STRICT_ALL_TABLES',
  'STRICT_TRANS_TABLES',
  'TRADITIONAL',
]);

/** Definitions look as they do under an empty mode. */
export function isPlainMode(sqlMode: string | null): boolean {
  return sqlMode !== null && sqlMode.split(',').every((part) => part === '' || PLAIN.has(part));
}

/** The server's own mode without what changes how text is read. */
function readableMode(sqlMode: string): string {
  return sqlMode
    .split(',')
    .filter((part) => !READING.has(part))
    .join(',');
}

/** What a session of Detent's sets once, beyond its limits. */
export function baseSql({ sqlMode }: Greeting): readonly string[] {
  return [
    'SET NAMES utf8mb4',
    `SET SESSION time_zone = '+00:00', SESSION autocommit = 1, SESSION sql_mode = ${literal(readableMode(sqlMode))}`,
  ];
}

/** Settings of a session that a migration can change and that would change what the next one does. */
const VARIABLES = [
  'auto_increment_increment',
  'auto_increment_offset',
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'collation_connection',
  'default_storage_engine',
  'div_precision_increment',
  'foreign_key_checks',
  'group_concat_max_len',
  'innodb_strict_mode',
  'lc_time_names',
  'net_write_timeout',
  'sql_auto_is_null',
  'sql_big_selects',
  'sql_mode',
  'sql_notes',
  'sql_quote_show_create',
  'sql_safe_updates',
  'sql_select_limit',
  'time_zone',
  'unique_checks',
] as const;

/** Only one of the two products has them. */
const VARIABLES_OF = {
  MariaDB: ['check_constraint_checks', 'enforce_storage_engine', 'tx_isolation', 'tx_read_only'],
  MySQL: ['explicit_defaults_for_timestamp', 'transaction_isolation', 'transaction_read_only'],
} as const;

/** One row with all of them, and the database that names without one belong to. */
export function readSettingsSql({ product }: Greeting): string {
  const names = [...VARIABLES, ...VARIABLES_OF[product]];
  return `SELECT ${names.map((name) => `@@session.${name} AS ${name}`).join(', ')}, DATABASE() AS db`;
}

/** The statements that lead from one row of settings to another; only what differs, since some take a right to set. */
export function restoreSql(from: TextRow, to: TextRow): readonly string[] {
  const { db, ...variables } = to;
  const changed = Object.entries(variables).filter(([name, value]) => from[name] !== value);
  const assignments = changed.map(([name, value]) => `SESSION ${name} = ${valueSql(value)}`);
  return [
    `SET ${['SESSION autocommit = 1', ...assignments].join(', ')}`,
    ...(db === null || db === undefined || db === from['db'] ? [] : [`USE ${quoteIdent(mariadb, db)}`]),
  ];
}

function valueSql(value: string | null): string {
  if (value === null) return 'NULL';
  return /^-?\d+(\.\d+)?$/.test(value) ? value : literal(value);
}
