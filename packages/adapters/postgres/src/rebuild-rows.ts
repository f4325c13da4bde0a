import { clearDefaults } from './attributes.ts';
import { jsonOf, type Section } from '@detent/core/backup';
import type { Bookkeeping } from './bookkeeping.ts';
import type { DataTable } from './data-tables.ts';
import type { Contents, SequenceState } from './dump.ts';
import { literal } from './inline.ts';
import { valueOf, type Link } from './link.ts';
import { dropAll, makeAll, setSequence } from './rebuild.ts';
import { askAll, type Rebuilding } from './restore.ts';

/** Makes everything again from sections such as a backup of Detent's own has. */
export async function rebuildFrom(sections: AsyncIterable<Section>, rebuilding: Rebuilding): Promise<Contents> {
  const { link, live, books } = rebuilding;
  let contents: Contents | null = null;
  for await (const section of sections) {
    if (section.header['kind'] === 'contents') {
      contents = (await jsonOf(section)) as Contents;
      await clearAll(rebuilding, contents);
      await askAll(link, makeAll(contents.schema, live.schema).before);
      await makeBooks(link, books);
      await emptyBooks(link, books);
    } else if (contents !== null) {
      await restoreSection(rebuilding, contents, section);
    }
  }
  if (contents === null) throw new Error('the backup is empty');
  return contents;
}

/** Takes everything away that is not Detent's, or that the backup would only make again as it is. */
export async function clearAll({ link, live, books, searchPath }: Rebuilding, wanted: Contents): Promise<void> {
  await askAll(link, clearDefaults(live.schema.defaults));
  await askAll(link, dropAll(live, wanted.schema, books));
  await link.ask(`SET LOCAL search_path = ${searchPath === '' ? "''" : searchPath}`);
}

/** Detent's tables, where they are not there: a backup may come into a database that was never migrated. */
export async function makeBooks(link: Link, { history }: Bookkeeping): Promise<void> {
  const [there] = await link.ask(`SELECT to_regclass(${literal(history.tables.history)}) IS NOT NULL`);
  if (valueOf(there) !== 't') await link.ask(...history.create);
}

async function restoreSection({ link, copy }: Rebuilding, contents: Contents, section: Section): Promise<void> {
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
      await askAll(link, sequences.map(setSequence));
      await askAll(link, makeAll(contents.schema, contents.schema).after);
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
async function emptyBooks(link: Link, { history: { tables } }: Bookkeeping): Promise<void> {
  await link.ask(`DELETE FROM ${tables.event}`, `DELETE FROM ${tables.history}`);
}
