import { literal } from './inline.ts';
import { CATALOGUE } from './catalogue.ts';
import type { Link } from './link.ts';

/**
 * `sha256:<hex>` of everything in the schema except what PostgreSQL, extensions and Detent keep for themselves. The server
 * gathers and hashes it, so that only the hash travels. Names stand for numbers, and order is by text, so that two equal
 * schemas agree whatever their history; the search path is empty meanwhile, so that every name shows its schema.
 */
export async function schemaFingerprint(
  link: Link,
  inTransaction: boolean,
  going: Going | null = null,
): Promise<string> {
  const { schema, own } = await link.books();
  const query = fingerprintSql(schema, own, going);
  const answers = inTransaction
    ? await link.ask(
        'SAVEPOINT detent_look',
        ...EMPTY_PATH,
        query,
        'ROLLBACK TO SAVEPOINT detent_look',
        'RELEASE SAVEPOINT detent_look',
      )
    : await link.ask('BEGIN', ...EMPTY_PATH, query, 'ROLLBACK');
  const hash = answers.map((answer) => answer.rows[0]?.['fingerprint'] ?? null).find((found) => found !== null);
  return `sha256:${hash ?? ''}`;
}

/** An index that was being dropped, as it was before. */
interface Going {
  readonly oid: string;
  readonly replident: boolean;
  readonly clustered: boolean;
}

/**
 * Whether the schema is as it was at that fingerprint, or would be if an index that is not valid were: what a DROP INDEX
 * CONCURRENTLY leaves that was cut short. Outside a transaction.
 */
export async function isStill(link: Link, before: string): Promise<boolean> {
  if ((await schemaFingerprint(link, false)) === before) return true;
  const [answer] = await link.ask('SELECT indexrelid::text AS oid FROM pg_catalog.pg_index WHERE NOT indisvalid');
  for (const { oid } of answer?.rows ?? []) {
    // It loses both with its first step.
    for (const replident of [false, true]) {
      for (const clustered of [false, true]) {
        const going = { oid: oid ?? '', replident, clustered };
        if ((await schemaFingerprint(link, false, going)) === before) return true;
      }
    }
  }
  return false;
}

/** A lock that somebody holds is no reason to fail while looking. */
const EMPTY_PATH = ["SET LOCAL search_path = ''", 'SET LOCAL lock_timeout = 0'];

/** One SELECT of the fingerprint, for a transaction whose search path is empty. */
export function fingerprintSql(schema: string, own: readonly string[], going: Going | null = null): string {
  const taken =
    going === null
      ? 'SELECT NULL::oid, false, false WHERE false'
      : `VALUES (${going.oid}::oid, ${going.replident}, ${going.clustered})`;
  const mine = own.map(literal).join(', ');
  return (
    `WITH own AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${literal(schema)} AND c.relname IN (${mine})), ` +
    `going (oid, replident, clustered) AS (${taken}), ` +
    `${CATALOGUE} ` +
    `SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex') AS fingerprint FROM lines`
  );
}
