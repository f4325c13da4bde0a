import { mariadb, quoteIdent } from '@detent/sql';
import type { Contents } from './dump.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { dropSql, isSame, makeSql, programsOf, type Program } from './programs.ts';
import { FIXED_TEXT } from './sums.ts';
import { isRefused, valueOf } from './wire.ts';

/**
 * Takes away what the backup does not have as it is: what may have the name of a table, or the rest. Triggers went with
 * their tables.
 */
export async function dropPrograms(
  link: Link,
  live: readonly Program[],
  { programs }: Contents,
  which: 'views' | 'others',
): Promise<void> {
  const { schema } = await link.books();
  const stale = live.filter(
    (there) =>
      there.kind !== 'trigger' &&
      (there.kind === 'view') === (which === 'views') &&
      !programs.some((saved) => isSame(saved, there)),
  );
  for (const program of stale) await link.ask(dropSql(schema, program));
}

/** Makes what is missing of the backup's, each under the settings that it was made under. The database is the current one. */
export async function makePrograms(link: Link, contents: Contents): Promise<void> {
  const { schema } = await link.books();
  const there = await programsOf(link);
  let missing = contents.programs.filter((saved) => !there.some((program) => isSame(saved, program)));
  let collation = await collationOf(link, schema);
  const setCollation = async (wanted: string): Promise<void> => {
    if (wanted === collation) return;
    await link.ask(`ALTER DATABASE ${quoteIdent(mariadb, schema)} COLLATE ${wanted}`);
    collation = wanted;
  };
  while (missing.length > 0) {
    const later: Program[] = [];
    let first: unknown = null;
    for (const program of missing) {
      await setCollation(program.database ?? collation);
      try {
        await make(link, program);
      } catch (error) {
        if (!isRefused(error, ...LACKING)) throw error;
        first ??= error;
        later.push(program);
      }
    }
    if (later.length === missing.length) throw first;
    missing = later;
  }
  await setCollation(contents.collation);
}

/** No such table, function, or valid view: another view may have to be made first. */
const LACKING = [1146, 1305, 1356];

async function make(link: Link, program: Program): Promise<void> {
  const [settings, statement] = makeSql(program);
  await link.ask(settings);
  try {
    // A text that ends in a semicolon was one of several statements; alone it would lose it.
    await link.wire.run(...(statement.endsWith(';') ? [`${statement}DO 0`] : [statement]));
  } finally {
    if (link.wire.isOpen) await link.ask(FIXED_TEXT);
  }
}

async function collationOf(link: Link, schema: string): Promise<string> {
  const [answer] = await link.ask(
    `SELECT DEFAULT_COLLATION_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${literal(schema)}`,
  );
  return valueOf(answer) ?? '';
}
