import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '@detent/core/backup';
import { moveAside } from './books-aside.ts';
import type { ClientTools } from './client-tools.ts';
import type { Contents } from './dump.ts';
import { commandsOf, readScript } from './dump-script.ts';
import type { Link } from './link.ts';
import { clearAll } from './rebuild-rows.ts';
import { askAll, type Rebuilding } from './restore.ts';

/** Commands are gathered up to this many characters. */
const MESSAGE = 1 << 16;

type Section = 'pre-data' | 'data' | 'post-data';

/**
 * Makes everything again from an archive: pg_restore writes the commands, and the session that holds the lock executes
 * them, so that the record and the restore come together. Owners, grants and what belongs to the database come afterwards,
 * from `contents`, as do schemas and extensions before: some of them stayed.
 */
export async function rebuildFromArchive(
  tools: ClientTools,
  path: string,
  contents: Contents,
  rebuilding: Rebuilding,
): Promise<Contents> {
  const { link, books } = rebuilding;
  await clearAll(rebuilding, contents);
  const standing = contents.schema.objects.filter(({ kind }) => kind === 'schema' || kind === 'extension');
  await askAll(
    link,
    standing.flatMap(({ ddl }) => ddl),
  );
  const aside = await moveAside(link, books);
  const folder = await mkdtemp(join(tmpdir(), 'detent-restore-'));
  try {
    const list = join(folder, 'list');
    await writeFile(list, await entriesOf(tools, path), { mode: 0o600 });
    const scriptOf = (section: Section): readonly string[] => [
      '--file=-',
      '--no-owner',
      '--no-privileges',
      `--section=${section}`,
      `--use-list=${list}`,
      path,
    ];
    const commands = async (section: Section): Promise<void> =>
      execute(link, commandsOf(await outputOf(tools.restore, scriptOf(section))));
    await commands('pre-data');
    const own = contents.tables.filter(({ kind }) => kind === 'extension');
    await askAll(
      link,
      own.map(({ qualified, condition }) => `DELETE FROM ${qualified} ${condition}`),
    );
    await putRows(tools.restore, scriptOf('data'), rebuilding);
    await commands('post-data');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await link.ask('RESET default_tablespace', 'RESET default_table_access_method');
  await aside.bringBack();
  return contents;
}

/** The numbers of what is to be made: everything but the schemas. */
async function entriesOf({ restore }: ClientTools, path: string): Promise<string> {
  const list = await outputOf(restore, ['--list', path]);
  return [...list.matchAll(/^(\d+); (.*)$/gm)]
    .filter(([, , entry = '']) => !/^\d+ \d+ SCHEMA - /.test(entry))
    .map(([, number = '']) => `${number};\n`)
    .join('');
}

async function putRows(program: string, args: readonly string[], { link, copy }: Rebuilding): Promise<void> {
  const running = runTool(program, args, {});
  let waiting: string[] = [];
  let size = 0;
  const send = async (): Promise<void> => {
    await execute(link, waiting.join('\n'));
    waiting = [];
    size = 0;
  };
  try {
    for await (const part of readScript(running.output)) {
      if (part.kind === 'rows') {
        await send();
        await copy.in(part.command, part.pieces);
        continue;
      }
      waiting.push(part.text);
      size += part.text.length;
      if (size > MESSAGE) await send();
    }
    await running.done;
    await send();
  } finally {
    running.stop();
  }
}

/** Throws when the commands ended the transaction, which they must not: it is the restore's. */
async function execute(link: Link, text: string): Promise<void> {
  if (text === '') return;
  await link.ask(text);
  if (link.wire.status !== 'T') throw new Error('the archive ended the transaction of the restore');
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const running = runTool(program, args, {});
  const pieces: Buffer[] = [];
  for await (const piece of running.output) pieces.push(piece);
  await running.done;
  return Buffer.concat(pieces).toString('utf8');
}
