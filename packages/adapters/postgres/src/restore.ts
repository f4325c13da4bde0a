import type { HistoryStore, Manifest } from '@detent/core';
import { attributeChanges } from './attributes.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import { lockableSql, type Contents } from './dump.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { PostgresHistory } from './history-writer.ts';
import type { Link } from './link.ts';
import { readSchema, schemaQueries, type FoundSchema } from './objects.ts';
import { difference, inMessages } from './rebuild.ts';
import { contentSums, FIXED_TEXT } from './sums.ts';
import type { Transactions } from './transaction.ts';
import type { Copy } from './wire.ts';

/** What the method has at hand that makes everything again. */
export interface Rebuilding {
  readonly link: Link;
  readonly copy: Copy;
  readonly books: Bookkeeping;
  /** As it is before. */
  readonly live: FoundSchema;
  /** The path along which functions find what they name without its schema; empty unless that did not do. */
  readonly searchPath: string;
}

export interface RestoreSettings {
  readonly link: Link;
  readonly copy: Copy;
  readonly rebuild: (rebuilding: Rebuilding) => Promise<Contents>;
  readonly transactions: Transactions;
  readonly history: PostgresHistory;
  readonly lockMs: number;
  readonly searchPath: string;
  /** Called when nobody else can write any more, before anything is changed. */
  readonly whenLocked: () => Promise<void>;
}

/**
 * Takes everything away and makes it again from the backup, in one transaction of the session that holds the lock: killed
 * at any moment, the database is as before or as restored, and what it is committed with has been compared with the
 * manifest. Detent's lock is not touched, so the lease outlives the restore.
 */
export async function restoreInPlace(
  settings: RestoreSettings,
  manifest: Manifest,
  record: (history: HistoryStore) => Promise<void>,
): Promise<void> {
  const { link, copy, rebuild, transactions, history, lockMs, searchPath, whenLocked } = settings;
  const books = await link.books();
  await transactions.run({ statements: [] }, async () => {
    await transactions.flush();
    await link.ask(...FIXED_TEXT, ...QUIETLY, `SET LOCAL lock_timeout = ${lockMs}`);
    const [lockable] = await link.ask(lockableSql(books));
    const names = (lockable?.rows ?? []).map(({ name }) => name ?? '');
    if (names.length > 0) await link.ask(`LOCK TABLE ONLY ${names.join(', ONLY ')} IN ACCESS EXCLUSIVE MODE`);
    await whenLocked();
    const contents = await rebuild({ link, copy, books, searchPath, live: await schemaNow(link, books) });
    await link.ask(...FIXED_TEXT);
    const { schema } = await schemaNow(link, books);
    await askAll(link, attributeChanges(schema, contents.schema, (await link.greeting()).database));
    await compare(link, books, manifest, contents);
    history.forget();
    await record(history);
    await transactions.flush();
  });
}

const QUIETLY: readonly string[] = [
  'SET LOCAL check_function_bodies = off',
  'SET LOCAL client_min_messages = warning',
  "SET LOCAL default_tablespace = ''",
  'SET LOCAL default_table_access_method = heap',
  'SET LOCAL session_replication_role = DEFAULT',
];

async function schemaNow(link: Link, books: Bookkeeping): Promise<FoundSchema> {
  const { versionNumber } = await link.greeting();
  return readSchema(books, versionNumber, await link.ask(...schemaQueries(books, versionNumber)));
}

/** In messages of a fitting size. */
export async function askAll(link: Link, commands: readonly string[]): Promise<void> {
  for (const message of inMessages(commands)) await link.ask(...message);
}

async function compare(link: Link, books: Bookkeeping, manifest: Manifest, contents: Contents): Promise<void> {
  const { schema, unfit } = await schemaNow(link, books);
  const other = unfit[0]?.identity ?? difference(schema, contents.schema);
  if (other !== null) throw new Error(`the restored schema is not the one in the backup, in ${other}`);
  if ((await schemaFingerprint(link, true)) !== manifest.fingerprint)
    throw new Error('the restored schema is not the one in the manifest');
  const sums = await contentSums(link.ask, books);
  if (JSON.stringify(sums) !== JSON.stringify(manifest.objects))
    throw new Error('the restored rows are not those in the manifest');
}
