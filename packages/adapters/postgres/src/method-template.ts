import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type Manifest } from '@detent/core';
import { deleteFiles, readSections } from '@detent/core/backup';
import { postgres, quoteIdent } from '@detent/sql';
import type { Contents, Keeper } from './dump.ts';
import { createLink, type Link } from './link.ts';
import { copyMethod, FORMAT, snapshot } from './method-copy.ts';
import type { Method } from './method.ts';
import { readSchema, schemaQueries, type DatabaseSettings } from './objects.ts';
import { solitudeOf } from './reader.ts';
import { rebuildFrom } from './rebuild-rows.ts';
import { contentSums, FIXED_TEXT } from './sums.ts';
import type { Ways } from './ways.ts';
import { lookAround, plusSessions, type Solitude } from './witness.ts';

/** How long a session may be on its way out, in milliseconds. */
const LEAVING_MS = 2_000;
/** In bytes; the server cuts longer ones. */
const NAME_LENGTH = 63;

/**
 * A copy of the whole database on the same server, which the server makes file by file. Nobody but this session may be
 * connected meanwhile. The file says only where the copy is; what belongs to the database as a whole, which the server does
 * not copy, is in the manifest. It is put back like rows that Detent copied.
 */
export function templateMethod(link: Link, ways: Ways | null): Method {
  /** Works in the copy, as if it were the database itself. */
  const inCopy = async <T>(name: string, work: (copy: Link) => Promise<T>): Promise<T> => {
    if (ways === null) throw new Error(NO_WAY);
    const { schema } = await link.books();
    const { target, lease, options } = link;
    const copy = createLink({
      wire: await ways.to(name).catch((error: unknown) => {
        throw isGone(error) ? new Error(`has lost its database ${name}`) : error;
      }),
      target,
      options: { ...options, schema },
      lease,
      lent: false,
      disposable: false,
      openBeside: null,
    });
    try {
      return await work(copy);
    } finally {
      await copy.close();
    }
  };

  return {
    async obstacles(ask) {
      const found: string[] = [];
      if (ways === null) found.push(NO_WAY);
      if ((await link.greeting()).pooled)
        found.push('A template copy needs a session of its own: give `directUrl`, which leads to the server itself.');
      const [rights, others] = await ask(RIGHTS, othersSql((await link.besidePid()) ?? 0));
      const { mayCreate, mayCopy } = rights?.rows[0] ?? {};
      if (mayCreate !== 't') found.push('This user may not create a database: ALTER ROLE … CREATEDB.');
      if (mayCopy !== 't') found.push('Only its owner may copy this database.');
      const [first, ...rest] = (others?.rows ?? []).map(({ who }) => who ?? '');
      if (first !== undefined)
        found.push(
          `A template copy needs the database for itself, and ${first} is connected${rest.length === 0 ? '' : `, with ${rest.length} more`}.`,
        );
      return found;
    },

    async write(path, signal) {
      const { database } = await link.greeting();
      const name = copyNameOf(database);
      await link.closeBeside();
      signal?.throwIfAborted();
      const before = await solitudeOfOne(link);
      const settings = await settingsOf(link);
      await link.ask(`CREATE DATABASE ${quoteIdent(postgres, name)} TEMPLATE ${quoteIdent(postgres, database)}`);
      try {
        const dumped = await inCopy(name, (copy) => snapshot(copy, copy.wire, UNREAD, signal));
        const text = `${JSON.stringify({ database: name })}\n`;
        await writeFile(path, text, { flag: 'wx', mode: 0o600, flush: true });
        const { fingerprint, objects, rows, contents } = dumped;
        const kept: Contents = { ...contents, schema: { ...contents.schema, database: settings } };
        const details = { rows, database: name, contents: JSON.stringify(kept) };
        const hash = `sha256:${createHash('sha256').update(text).digest('hex')}`;
        return {
          bytes: Buffer.byteLength(text),
          hash,
          fingerprint,
          objects,
          sessions: await solitudeSince(link, before),
          details,
        };
      } catch (error) {
        await rm(path, { force: true });
        await dropCopy(link, name).catch(() => undefined);
        throw error;
      }
    },

    async verify(manifest) {
      const sums = await inCopy(await copyOf(manifest), async (copy) => {
        await copy.ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...FIXED_TEXT);
        const found = await contentSums(copy.ask, await copy.books());
        await copy.ask('ROLLBACK');
        return found;
      });
      if (JSON.stringify(sums) !== JSON.stringify(manifest.objects))
        throw new Error(`has other rows in its database ${await copyOf(manifest)}`);
    },

    contents: async ({ details }) => JSON.parse(String(details['contents'])) as Contents,

    async rebuild(manifest, rebuilding) {
      const rows = `${manifest.path}.rows.part`;
      try {
        await inCopy(await copyOf(manifest), (copy) => copyMethod(copy).write(rows, undefined));
        const contents = await rebuildFrom(readSections(rows, FORMAT), rebuilding);
        const { schema } = JSON.parse(String(manifest.details['contents'])) as Contents;
        return { ...contents, schema: { ...contents.schema, database: schema.database } };
      } finally {
        await rm(rows, { force: true });
      }
    },

    async delete(manifest) {
      const name = await copyOf(manifest).catch(() => null);
      if (name !== null) await dropCopy(link, name);
      await deleteFiles(manifest);
    },
  };
}

function isGone(error: unknown): boolean {
  return error instanceof DetentError && error.facts.serverCode === '3D000';
}

const NO_WAY = 'A template copy is looked at by a connection of its own: give `url` or `directUrl`.';

const RIGHTS =
  'SELECT rolcreatedb OR rolsuper AS "mayCreate", rolsuper OR datistemplate OR pg_has_role(datdba, \'USAGE\') AS "mayCopy" ' +
  'FROM pg_catalog.pg_roles, pg_catalog.pg_database WHERE rolname = current_user AND datname = current_database()';

function othersSql(beside: number): string {
  return (
    "SELECT format('process %s of %s', pid, usename) AS who FROM pg_catalog.pg_stat_activity WHERE datname = current_database() " +
    `AND pid NOT IN (pg_backend_pid(), ${beside}) AND backend_type = 'client backend' ` +
    "UNION ALL SELECT format('the prepared transaction %s', gid) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()"
  );
}

/** Rows stay where they are. */
const UNREAD: Keeper = {
  needsSnapshot: false,
  begin: async () => undefined,
  rows: async () => new Map(),
  end: async () => undefined,
};

function copyNameOf(database: string): string {
  const ending = `_detent_${randomBytes(4).toString('hex')}`;
  let start = database;
  while (Buffer.byteLength(start) > NAME_LENGTH - ending.length) start = start.slice(0, -1);
  return `${start.toWellFormed()}${ending}`;
}

/** Of this session without the one beside it, which may be on its way out. */
async function solitudeOfOne(link: Link): Promise<Solitude> {
  const { pid, versionNumber } = await link.greeting();
  for (const end = Date.now() + LEAVING_MS; ; await sleep(20)) {
    const found = await lookAround(link.ask, [pid], 'begins', versionNumber);
    if (found !== null || Date.now() > end) return found;
  }
}

/** What was alone before is alone still, where only the session beside it came since. */
async function solitudeSince(link: Link, before: Solitude): Promise<Solitude> {
  const now = await solitudeOf(link, 'ends');
  return before !== null && now === plusSessions(before, 1) ? now : null;
}

/** By the file, which the manifest vouches for. */
async function copyOf({ path, details }: Manifest): Promise<string> {
  const { database } = JSON.parse(await readFile(path, 'utf8')) as { readonly database?: unknown };
  if (typeof database !== 'string' || database !== details['database'])
    throw new Error('names another database than its manifest');
  return database;
}

async function dropCopy(link: Link, name: string): Promise<void> {
  await link.ask(`DROP DATABASE IF EXISTS ${quoteIdent(postgres, name)}`);
}

/** Of the database as a whole. */
async function settingsOf(link: Link): Promise<DatabaseSettings> {
  const books = await link.books();
  const { versionNumber } = await link.greeting();
  await link.ask('BEGIN READ ONLY', ...FIXED_TEXT);
  try {
    const answers = await link.ask(...schemaQueries(books, versionNumber));
    return readSchema(books, versionNumber, answers).schema.database;
  } finally {
    await link.ask('ROLLBACK');
  }
}
