import type { StatementLimits } from '@detent/core';
import type { Greeting } from './greeting.ts';
import { literal } from './inline.ts';

/** How long statements may wait and run, now. 0: as the server has it, and no limit. */
export interface Limits {
  readonly lockMs: number;
  readonly statementMs: number;
}

export function limitsWith(limits: Limits, { lockMs, statementMs }: StatementLimits): Limits {
  return { lockMs: lockMs ?? limits.lockMs, statementMs: statementMs ?? limits.statementMs };
}

/** The limits as statements; `local`: for the transaction that is open, where the session is not ours alone. */
export function limitSql({ lockMs, statementMs }: Limits, local: boolean): readonly string[] {
  const set = local ? 'SET LOCAL' : 'SET';
  return [
    lockMs === 0 ? `${set} lock_timeout = DEFAULT` : `${set} lock_timeout = ${lockMs}`,
    `${set} statement_timeout = ${statementMs}`,
  ];
}

/** What a session of Detent's sets once, beyond its limits. */
export function baseSql({ versionNumber }: Greeting): readonly string[] {
  return [
    'SET standard_conforming_strings = on',
    // A statement whose client is gone is ended, and its locks with it. Only Linux lets the server see that.
    ...(versionNumber >= 140_000
      ? ["SELECT set_config('client_connection_check_interval', '500', false) WHERE version() LIKE '%linux%'"]
      : []),
  ];
}

/**
 * Takes back what a migration may have set. `DISCARD ALL` would give the lock back too, and make the driver's prepared
 * statements vanish behind its back. `own`: the connection is Detent's, so its temporary tables and cursors go as well.
 */
export function resetSql(own: boolean): readonly string[] {
  const all = ['SET SESSION AUTHORIZATION DEFAULT', 'RESET ROLE', 'RESET ALL'];
  return own ? [...all, 'CLOSE ALL', 'UNLISTEN *', 'DISCARD TEMP', 'DISCARD SEQUENCES'] : all;
}

/** Detent's own writes are made as who connected, for the rest of the transaction, whoever the migration has become. */
export const AS_CONNECTED: readonly string[] = ['SET LOCAL SESSION AUTHORIZATION DEFAULT', 'SET LOCAL ROLE NONE'];

/** What somebody else set on this connection before it was lent. */
export const READ_SESSION_SETTINGS = "SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'";

export function settingSql(name: string, value: string): string {
  return `SELECT pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`;
}
