import { runTool } from '@detent/core/backup';
import type { ClientTools } from './client-tools.ts';
import type { DataTable } from './data-tables.ts';
import { readScript } from './dump-script.ts';

const NEWLINE = 0x0a;

/** Reads an archive as a restore would, and gives how many rows it has of each table, by the table's name. */
export async function countRows(
  { restore }: ClientTools,
  path: string,
  tables: readonly DataTable[],
): Promise<ReadonlyMap<string, number>> {
  const names = new Map(tables.map(({ qualified, name }) => [bare(qualified), name]));
  const rows = new Map(tables.map(({ name }) => [name, 0]));
  const running = runTool(restore, ['--file=-', '--section=data', path], {});
  try {
    for await (const part of readScript(running.output)) {
      if (part.kind === 'statement') continue;
      let count = 0;
      for await (const piece of part.pieces) count += newlines(piece);
      const name = names.get(bare(part.command.replace(/^COPY\s+/, '')));
      if (name !== undefined) rows.set(name, count);
    }
    await running.done;
    return rows;
  } finally {
    running.stop();
  }
}

/** Of the schema and the table that a text begins with, each quoted or not, one key. */
function bare(text: string): string {
  const [, schema = '', table = ''] = /^("(?:[^"]|"")*"|[^."\s]+)\.("(?:[^"]|"")*"|[^"\s(]+)/.exec(text) ?? [];
  const plain = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
  return JSON.stringify([plain(schema), plain(table)]);
}

function newlines(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
