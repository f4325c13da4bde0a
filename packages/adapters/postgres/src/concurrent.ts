import { postgres, quoteIdent } from '@detent/sql';
import { literal } from './inline.ts';
import type { Link } from './link.ts';

/** A statement that builds an index beside the running system. */
export interface ConcurrentBuild {
  /** `null` where PostgreSQL is to find a name. */
  readonly name: readonly string[] | null;
  readonly table: readonly string[];
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const QUALIFIED = String.raw`${NAME}(?:\s*\.\s*${NAME})?`;
const BUILD = new RegExp(
  String.raw`^\s*create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?:(${QUALIFIED})\s+)?on\s+(?:only\s+)?(${QUALIFIED})`,
  'iu',
);

/** Statements that wait for every transaction that is open: a limit on waiting would only ever cut them short. */
const PATIENT = /\bconcurrently\b/i;

export function waitsForOthers(text: string): boolean {
  return PATIENT.test(text);
}

/** `null` for any other statement. */
export function readBuild(text: string): ConcurrentBuild | null {
  const found = BUILD.exec(text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' '));
  if (found?.[2] === undefined) return null;
  return { name: found[1] === undefined ? null : partsOf(found[1]), table: partsOf(found[2]) };
}

/**
 * Drops the index of that name where an earlier build of it was cut short: it is in the way of the new one, and
 * `IF NOT EXISTS` would take it for good. Gives its name where there was one.
 */
export async function dropInvalid(link: Link, { name, table }: ConcurrentBuild): Promise<string | null> {
  if (name === null) return null;
  const [answer] = await link.ask(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid ` +
      `JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ` +
      `WHERE NOT i.indisvalid AND i.indrelid = to_regclass(${literal(quoteIdent(postgres, ...table))}) AND c.relname = ${literal(name.at(-1) ?? '')} ` +
      // One that another session is building at this moment is its own affair.
      `AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)`,
  );
  const row = answer?.rows[0];
  if (row === undefined) return null;
  const index = quoteIdent(postgres, row['nspname'] ?? '', row['relname'] ?? '');
  await link.ask(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
  return index;
}

/** Names as the server stores them. */
function partsOf(qualified: string): readonly string[] {
  return [...qualified.matchAll(new RegExp(NAME, 'gu'))].map(([part]) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase(),
  );
}
