import type { Connection } from './driver.ts';

/** Settings of a connection that a migration can change and that would change what the next one does. */
const PRAGMAS = [
  'foreign_keys',
  'recursive_triggers',
  'ignore_check_constraints',
  'legacy_alter_table',
  'reverse_unordered_selects',
  'query_only',
  'trusted_schema',
  'synchronous',
  'busy_timeout',
] as const;

export type Settings = ReadonlyMap<string, unknown>;

export function readSettings(connection: Connection): Settings {
  return new Map(PRAGMAS.map((name) => [name, connection.value(`PRAGMA ${name}`)]));
}

/** Puts back what differs, and drops temporary tables and attached databases. Outside a transaction. */
export function restoreSettings(connection: Connection, settings: Settings): void {
  for (const [name, value] of settings) {
    if (connection.value(`PRAGMA ${name}`) !== value) connection.exec(`PRAGMA ${name} = ${String(value)}`);
  }
  for (const { type, name } of connection.all(
    "SELECT type, name FROM temp.sqlite_schema WHERE type IN ('table', 'view')",
  )) {
    connection.exec(`DROP ${String(type)} IF EXISTS temp."${String(name).replaceAll('"', '""')}"`);
  }
  for (const { name } of connection.all("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")) {
    connection.exec(`DETACH "${String(name).replaceAll('"', '""')}"`);
  }
}
