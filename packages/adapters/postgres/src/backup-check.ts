import { folderObstacles } from '@detent/core/backup';
import { readTables, tablesSql } from './data-tables.ts';
import { literal } from './inline.ts';
import type { Link } from './link.ts';
import type { Method } from './method.ts';
import { readSchema, schemaQueries, type FoundSchema } from './objects.ts';
import type { Ask } from './sums.ts';

/** Everything that stands in the way of a backup, or of putting it back. In a transaction with `FIXED_TEXT`. */
export async function obstacles(link: Link, method: Method, ask: Ask, folder: string): Promise<readonly string[]> {
  const books = await link.books();
  const { versionNumber, encoding } = await link.greeting();
  const [tables, facts] = await ask(tablesSql(books), FACTS);
  const row = facts?.rows[0];
  const found: string[] = [...(await folderObstacles(folder, Number(row?.['size'] ?? 0)))];
  if (row?.['standby'] === 't') found.push('The server is a standby, into which nothing can be restored.');
  if (encoding === 'SQL_ASCII')
    found.push(
      'The encoding of the database, SQL_ASCII, does not say what its texts are, so they cannot be kept exactly.',
    );
  for (const { name, isReadable } of readTables(tables))
    if (!isReadable)
      found.push(`This user may not read every row of ${name}: it lacks the privilege, or row security hides some.`);
  let schema: FoundSchema;
  try {
    schema = readSchema(books, versionNumber, await ask(...schemaQueries(books, versionNumber)));
  } catch (error) {
    return [
      ...found,
      `The schema cannot be put in an order: ${error instanceof Error ? error.message : String(error)}.`,
    ];
  }
  for (const { type, identity, why } of schema.unfit) found.push(`The ${type} ${identity} cannot be kept: ${why}.`);
  found.push(...(await method.obstacles(ask, schema.schema)));
  found.push(...(await ownerObstacles(ask, schema, row?.['superuser'] === 't')));
  const locks = Number(row?.['locks'] ?? 0);
  // Each table, index, sequence and large object is locked once when it goes and once when it comes.
  const needed = 2 * schema.schema.objects.filter(({ kind }) => LOCKED.has(kind)).length;
  if (needed > locks)
    found.push(
      `A restore would take about ${needed} locks, and the server has room for ${locks}: raise max_locks_per_transaction.`,
    );
  return found;
}

const LOCKED = new Set([
  'table',
  'sequence',
  'view',
  'materialized view',
  'index',
  'key',
  'large object',
  'type',
  'function',
]);

const FACTS =
  "SELECT pg_database_size(current_database()) AS size, pg_is_in_recovery() AS standby, current_setting('is_superuser') = 'on' AS superuser, " +
  "current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint) AS locks";

/** Whoever restores must be able to take away and give back what others own. */
async function ownerObstacles(ask: Ask, { schema }: FoundSchema, isSuperuser: boolean): Promise<readonly string[]> {
  if (isSuperuser) return [];
  const found: string[] = [];
  for (const { kind, label } of schema.objects)
    if (kind === 'event trigger') found.push(`Only a superuser can restore the ${label.toLowerCase()}.`);
  const owned = schema.objects.filter(({ kind, owner }) => owner !== null && kind !== 'schema');
  const owners = [...new Set(owned.map(({ owner }) => owner ?? ''))];
  if (owners.length === 0) return found;
  const [answer] = await ask(
    `SELECT o AS owner FROM unnest(ARRAY[${owners.map(literal).join(', ')}]::text[]) o WHERE NOT pg_has_role(current_user, o::regrole, 'USAGE')`,
  );
  for (const { owner } of answer?.rows ?? []) {
    const example = owned.find((object) => object.owner === owner)?.label ?? '';
    found.push(
      `This user could not restore what belongs to ${owner ?? ''}, such as ${example}: it is no member of that role.`,
    );
  }
  return found;
}
