import type { CommandStartedEvent, Document, MongoClient } from 'mongodb';

/** The collections of one database that were written to by way of one client, for the backup of a run. */
export interface Touched {
  has(name: string): boolean;
  add(name: string): void;
  /** Begins anew. */
  clear(): void;
}

const WRITES: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'delete',
  'findAndModify',
  'create',
  'createIndexes',
  'dropIndexes',
  'collMod',
  'drop',
]);

/** Listens to what the client sends. A client that does not tell, because it was lent, is asked by `add` alone. */
export function touchedBy(client: MongoClient, database: string): Touched {
  const names = new Set<string>();
  client.on('commandStarted', ({ commandName, databaseName, command }: CommandStartedEvent) => {
    const given: unknown = command[commandName];
    if (commandName === 'renameCollection') {
      for (const place of [given, command['to']])
        if (typeof place === 'string' && place.startsWith(`${database}.`)) names.add(place.slice(database.length + 1));
    }
    if (databaseName !== database || typeof given !== 'string') return;
    if (WRITES.has(commandName)) names.add(given);
    const target = commandName === 'aggregate' ? targetOf(command['pipeline']) : null;
    if (target !== null) names.add(target);
  });
  return { has: (name) => names.has(name), add: (name) => void names.add(name), clear: () => names.clear() };
}

/** Where a pipeline writes; `null` when it only reads. */
export function targetOf(pipeline: unknown): string | null {
  const last: unknown = Array.isArray(pipeline) ? pipeline.at(-1) : null;
  if (typeof last !== 'object' || last === null) return null;
  const { $out, $merge } = last as Document;
  const into: unknown = $merge === undefined ? $out : ((($merge as Document)['into'] as unknown) ?? $merge);
  if (typeof into === 'string') return into;
  return typeof into === 'object' && into !== null ? String((into as Document)['coll']) : null;
}
