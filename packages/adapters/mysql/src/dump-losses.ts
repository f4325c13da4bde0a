import { mariadb, quoteIdent } from '@detent/sql';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { valueOf, type TextRow } from './wire.ts';

/** Text of these is the same in UTF-8. */
const UNICODE = ['utf8mb4', 'utf8mb3', 'utf8', 'binary'];

/**
 * The first values that come back as others from the literals of a dump: floats, which the server writes with six digits;
 * texts in characters that Unicode does not tell apart; what an ENUM or a SET calls by the same name. In the snapshot, with
 * `FIXED_TEXT`. Each as one sentence.
 */
export async function lossesOf(link: Link, tables: readonly string[]): Promise<readonly string[]> {
  const { schema } = await link.books();
  const [answer] = await link.ask(
    'SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full, CHARACTER_SET_NAME AS charset ' +
      `FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${literal(schema)} AND (DATA_TYPE IN ('float', 'enum', 'set') ` +
      `OR CHARACTER_SET_NAME NOT IN (${UNICODE.map(literal).join(', ')})) AND COALESCE(GENERATION_EXPRESSION, '') = '' ` +
      'ORDER BY TABLE_NAME, ORDINAL_POSITION',
  );
  const { product, versionNumber } = await link.greeting();
  const hasFloats = versionNumber >= FIRST_FLOATS[product];
  const found: string[] = [];
  for (const row of answer?.rows ?? []) {
    const { tab, name } = row;
    const condition = lossOf(row, quoteIdent(mariadb, name ?? ''), hasFloats);
    if (condition === null || !tables.includes(tab ?? '')) continue;
    const place = quoteIdent(mariadb, schema, tab ?? '');
    const [lost] = await link.ask(`SELECT COUNT(*) AS n FROM ${place} WHERE ${condition}`);
    const count = Number(valueOf(lost));
    if (count > 0)
      found.push(
        `${count} ${count === 1 ? 'value' : 'values'} of ${tab ?? ''}.${name ?? ''} would come back as others: ${reasonFor(row)}`,
      );
  }
  return found;
}

/** Servers before these cannot be asked what a text is as a float. */
const FIRST_FLOATS = { MariaDB: 100_400, MySQL: 80_017 } as const;

function lossOf({ type, full, charset }: TextRow, column: string, hasFloats: boolean): string | null {
  if (type === 'float')
    return hasFloats ? `NOT (CAST(CAST(${column} AS CHAR) AS FLOAT) <=> ${column})` : `${column} IS NOT NULL`;
  if (type === 'enum') {
    const lost = repeatedIn(full ?? '');
    return lost.length === 0 ? null : `${column} + 0 IN (${lost.join(', ')})`;
  }
  if (type === 'set') return membersOf(full ?? '').includes('') ? `${column} + 0 > 0 AND LENGTH(${column}) = 0` : null;
  const back = `CONVERT(CONVERT(${column} USING utf8mb4) USING ${charset ?? ''})`;
  return `NOT (CAST(${back} AS BINARY) <=> CAST(${column} AS BINARY))`;
}

function reasonFor({ type, charset }: TextRow): string {
  if (type === 'float') return 'a dump has six digits of a float';
  if (type === 'enum' || type === 'set') return 'a dump has the names of its members, of which some are the same';
  return `not every character of ${charset ?? ''} has one of its own in Unicode`;
}

/** The numbers of an ENUM's members that have the name of one before them; 0, which is no member, shows as an empty name. */
function repeatedIn(full: string): readonly number[] {
  const members = membersOf(full).map((name) => name.toLowerCase());
  const repeated = members.flatMap((name, index) => (members.indexOf(name) < index ? [index + 1] : []));
  return members.includes('') ? [0, ...repeated] : repeated;
}

function membersOf(full: string): readonly string[] {
  return [...full.matchAll(/'((?:[^']|'')*)'/g)].map(([, name = '']) => name);
}
