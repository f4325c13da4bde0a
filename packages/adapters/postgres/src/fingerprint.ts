import { literal } from './inline.ts';
import { CATALOGUE } from './catalogue.ts';
import type { Link } from './link.ts';

/**
 * `sha256:<hex>` of everything in the schema except what PostgreSQL, extensions and Detent keep for themselves. The server
 * gathers and hashes it, so that only the hash travels. Names stand for numbers, and order is by text, so that two equal
 * schemas agree whatever their history; the search path is empty meanwhile, so that every name shows its schema.
 */
export async function schemaFingerprint(link: Link, inTransaction: boolean): Promise<string> {
  const { schema, own } = await link.books();
  const query = fingerprintSql(schema, own);
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

/** A lock that somebody holds is no reason to fail while looking. */
const EMPTY_PATH = ["SET LOCAL search_path = ''", 'SET LOCAL lock_timeout = 0', 'SET LOCAL jit = off'];

/** One SELECT of the fingerprint, for a transaction whose search path is empty. */
export function fingerprintSql(schema: string, own: readonly string[]): string {
  const mine = own.map(literal).join(', ');
  return (
    `WITH own AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${literal(schema)} AND c.relname IN (${mine})), ` +
    `${CATALOGUE} ` +
    `SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex') AS fingerprint FROM lines`
  );
}
