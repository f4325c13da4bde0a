import { DetentError, type HistoryStore, type Manifest } from '@detent/core';
import { attributeChanges, clearDefaults } from './attributes.ts';
import { jsonOf, readSections, type Section } from './backup-file.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import type { DataTable } from './data-tables.ts';
import { lockableSql, type Contents, type SequenceState } from './dump.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { PostgresHistory } from './history.ts';
import { literal } from './inline.ts';
import { valueOf, type Link } from './link.ts';
import { readSchema, schemaQueries, type FoundSchema } from './objects.ts';
import { difference, dropAll, inMessages, makeAll, setSequence } from './rebuild.ts';
import { contentSums, FIXED_TEXT } from './sums.ts';
import type { Transactions } from './transaction.ts';
import type { Copy } from './wire.ts';

export interface RestoreSettings {
  readonly link: Link;
  readonly copy: Copy;
  readonly transactions: Transactions;
  readonly history: PostgresHistory;
  readonly lockMs: number;
  /** The path along which functions find what they name without its schema; empty unless that did not do. */
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
  const { link, transactions, history, lockMs, whenLocked } = settings;
  const books = await link.books();
  await transactions.run({ statements: [] }, async () => {
    await transactions.flush();
    await link.ask(...FIXED_TEXT, ...QUIETLY, `SET LOCAL lock_timeout = ${lockMs}`);
    const [lockable] = await link.ask(lockableSql(books));
    const names = (lockable?.rows ?? []).map(({ name }) => name ?? '');
    if (names.length > 0) await link.ask(`LOCK TABLE ONLY ${names.join(', ONLY ')} IN ACCESS EXCLUSIVE MODE`);
    await whenLocked();
    const contents = await rebuild(settings, books, manifest.path, await schemaNow(link, books));
    await ask(
      link,
      attributeChanges((await schemaNow(link, books)).schema, contents.schema, (await link.greeting()).database),
    );
    await compare(link, books, manifest, contents);
    history.forgetTail();
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

async function rebuild(
  settings: RestoreSettings,
  books: Bookkeeping,
  path: string,
  live: FoundSchema,
): Promise<Contents> {
  const { link, searchPath } = settings;
  let contents: Contents | null = null;
  for await (const section of readSections(path)) {
    if (section.header['kind'] === 'contents') {
      contents = (await jsonOf(section)) as Contents;
      await ask(link, clearDefaults(live.schema.defaults));
      await ask(link, dropAll(live, contents.schema, books));
      await link.ask(`SET LOCAL search_path = ${searchPath === '' ? "''" : searchPath}`);
      await ask(link, makeAll(contents.schema, live.schema).before);
      await emptyBooks(link, books);
    } else if (contents !== null) {
      await restoreSection(settings, contents, section);
    }
  }
  if (contents === null) throw new Error('the backup is empty');
  await link.ask(...FIXED_TEXT);
  return contents;
}

async function restoreSection({ link, copy }: RestoreSettings, contents: Contents, section: Section): Promise<void> {
  const { kind, table } = section.header;
  switch (kind) {
    case 'rows': {
      const found = contents.tables[Number(table)];
      if (found === undefined) throw new Error('the backup has rows of an unknown table');
      if (found.kind === 'extension') await link.ask(`DELETE FROM ${found.qualified} ${found.condition}`);
      if (found.copied.length > 0) await copy.in(copyIn(found), section.pieces);
      return;
    }
    case 'large objects':
      await link.ask('CREATE TEMPORARY TABLE detent_pages (oid oid, at bigint, data bytea) ON COMMIT DROP');
      await copy.in('COPY pg_temp.detent_pages FROM STDIN', section.pieces);
      await link.ask(
        'SELECT count(pg_catalog.lo_put(oid, at, data)) FROM pg_temp.detent_pages',
        'DROP TABLE pg_temp.detent_pages',
      );
      return;
    case 'end': {
      const { sequences } = (await jsonOf(section)) as { readonly sequences: readonly SequenceState[] };
      await ask(link, sequences.map(setSequence));
      await ask(link, makeAll(contents.schema, contents.schema).after);
      return;
    }
    default:
      throw new Error(`the backup has a part of an unknown kind, ${String(kind)}`);
  }
}

function copyIn({ qualified, copied }: DataTable): string {
  return `COPY ${qualified} (${copied.join(', ')}) FROM STDIN`;
}

/** The tables stay: their layout may be newer than the backup's. */
async function emptyBooks(link: Link, { history }: Bookkeeping): Promise<void> {
  const { tables } = history;
  const [there] = await link.ask(`SELECT to_regclass(${literal(tables.history)}) IS NOT NULL`);
  if (valueOf(there) !== 't') await link.ask(...history.create);
  await link.ask(`DELETE FROM ${tables.event}`, `DELETE FROM ${tables.history}`);
}

async function schemaNow(link: Link, books: Bookkeeping): Promise<FoundSchema> {
  const { versionNumber } = await link.greeting();
  return readSchema(books, versionNumber, await link.ask(...schemaQueries(books, versionNumber)));
}

async function ask(link: Link, commands: readonly string[]): Promise<void> {
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

export function restoreFailed(manifest: Manifest, cause: unknown): DetentError {
  if (cause instanceof DetentError && cause.code !== 'INTERNAL' && cause.code !== 'READ_ONLY') return cause;
  const words = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
  return new DetentError('RESTORE_FAILED', `The backup could not be restored: ${words}.`, {
    hint: `Nothing was changed. The backup is kept at ${manifest.path}; put it back with \`detent restore\`.`,
    facts: { ...(cause instanceof DetentError ? cause.facts : {}), path: manifest.path },
    cause,
  });
}
