import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type Manifest } from '@detent/core';
import { deleteFiles, runTool } from '@detent/core/backup';
import { leaningOnBooksSql } from './books-aside.ts';
import { findTools, type ClientTools } from './client-tools.ts';
import { countRows } from './dump-rows.ts';
import type { Contents, Keeper } from './dump.ts';
import type { Link } from './link.ts';
import { snapshot } from './method-copy.ts';
import type { Method } from './method.ts';
import type { Schema } from './objects.ts';
import { lockMsOf, readerOf, solitudeOf } from './reader.ts';
import { rebuildFromArchive } from './rebuild-archive.ts';
import type { Ways } from './ways.ts';
import { plusSessions, type Solitude } from './witness.ts';

/** How long a session of pg_dump may be on its way out, in milliseconds. */
const LEAVING_MS = 2_000;

/**
 * An archive of pg_dump, which any administrator can use with pg_restore. It is written in the snapshot in which Detent
 * counts and sums, and read again before it counts as a backup.
 */
export function dumpMethod(link: Link, ways: Ways | null): Method {
  const majorOf = async (): Promise<number> => Math.floor((await link.greeting()).versionNumber / 10_000);
  const toolsFor = async (manifest: Manifest | null): Promise<ClientTools> => {
    const archive = Number.parseInt(String(manifest?.details['tool'] ?? '0'), 10);
    const tools = await findTools(await majorOf(), archive);
    if (typeof tools !== 'string') return tools;
    throw new DetentError('BACKUP_UNFIT', tools, {
      hint: "Install them, or make backups by Detent itself with backup: 'copy'.",
    });
  };

  return {
    async obstacles(ask, schema) {
      const found: string[] = [];
      const tools = await findTools(await majorOf());
      if (typeof tools === 'string') found.push(tools);
      if (ways === null) found.push('pg_dump opens a connection of its own: give `url` or `directUrl`.');
      if ((await link.greeting()).pooled)
        found.push(
          'pg_dump cannot share a snapshot by way of a pooler: give `directUrl`, which leads to the server itself.',
        );
      const [leaning] = await ask(leaningOnBooksSql(await link.books()));
      for (const { name } of leaning?.rows ?? [])
        found.push(`The ${name ?? ''} stands on Detent's history, which pg_restore would have to make anew.`);
      return [...found, ...madeOtherwise(schema)];
    },

    async write(path, signal) {
      const tools = await toolsFor(null);
      const environment = (await ways?.libpq()) ?? {};
      const before = await solitudeOf(link, 'begins');
      const { lock } = (await link.books()).history.tables;
      const archive: Archive = { tools, path, environment, lock, lockMs: lockMsOf(link), signal };
      try {
        let file = { bytes: 0, hash: '' };
        const keeper: Keeper = {
          needsSnapshot: true,
          async begin({ schema }) {
            const [reason] = madeOtherwise(schema);
            if (reason !== undefined) throw new Error(reason);
          },
          async rows(contents, exported) {
            if (exported === null) throw new Error('the server exported no snapshot');
            file = await writeArchive(archive, exported);
            return countRows(tools, path, contents.tables);
          },
          // pg_dump has read them for itself.
          end: async () => undefined,
        };
        const dumped = await snapshot(link, await readerOf(link), keeper, signal);
        const { fingerprint, objects, rows, contents } = dumped;
        const details = { rows, tool: tools.version.text, contents: JSON.stringify(contents) };
        return { ...file, fingerprint, objects, sessions: await solitudeSince(link, before), details };
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },

    verify: async (manifest) => void (await toolsFor(manifest)),
    contents: async (manifest) => contentsOf(manifest),
    rebuild: async (manifest, rebuilding) =>
      rebuildFromArchive(await toolsFor(manifest), manifest.path, contentsOf(manifest), rebuilding),
    delete: deleteFiles,
  };
}

/** What pg_dump writes in a way that makes something else. */
function madeOtherwise({ objects }: Schema): readonly string[] {
  return objects
    .filter(({ kind, ddl }) => kind === 'attachment' && ddl.some((text) => text.includes(' INHERIT ')))
    .map(
      ({ ddl }) =>
        `pg_dump would change the order of columns in ${/^ALTER TABLE (.*?) INHERIT /.exec(ddl[0] ?? '')?.[1] ?? ''}, which inherits from a table whose columns do not come first in it.`,
    );
}

interface Archive {
  readonly tools: ClientTools;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The table that stays out: who holds the lock is no part of the data. */
  readonly lock: string;
  readonly lockMs: number;
  readonly signal: AbortSignal | undefined;
}

async function writeArchive(
  { tools, path, environment, lock, lockMs, signal }: Archive,
  exported: string,
): Promise<{ readonly bytes: number; readonly hash: string }> {
  const file = await open(path, 'wx', 0o600);
  const args = [
    '--format=custom',
    '--compress=1',
    '--no-password',
    '--encoding=UTF8',
    `--snapshot=${exported}`,
    `--lock-wait-timeout=${lockMs}`,
    `--exclude-table=${lock}`,
  ];
  const running = runTool(tools.dump, args, environment, signal);
  try {
    const digest = createHash('sha256');
    let bytes = 0;
    for await (const piece of running.output) {
      digest.update(piece);
      bytes += piece.length;
      for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
    }
    await running.done;
    await file.sync();
    return { bytes, hash: `sha256:${digest.digest('hex')}` };
  } finally {
    running.stop();
    await file.close();
  }
}

/** What was alone before is alone still, where only the one session of pg_dump came and went. */
async function solitudeSince(link: Link, before: Solitude): Promise<Solitude> {
  if (before === null) return null;
  const expected = plusSessions(before, 1);
  for (const end = Date.now() + LEAVING_MS; Date.now() < end; await sleep(20)) {
    const now = await solitudeOf(link, 'ends');
    if (now !== null) return now === expected ? now : null;
  }
  return null;
}

function contentsOf({ details }: Manifest): Contents {
  return JSON.parse(String(details['contents'])) as Contents;
}
