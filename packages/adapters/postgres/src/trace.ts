import type { Trace } from '@detent/core';
import { postgres, quoteIdent } from '@detent/sql';
import type { Concurrent } from './concurrent.ts';
import { regclass } from './leftovers.ts';
import { valueOf, type Link } from './link.ts';

const THERE = 'there';
const GONE = 'gone';

/**
 * How it can be told that such a statement came to its end. An index that is being dropped, and a partition that is being
 * detached, are gone from the schema with the first of several steps; so it is asked whether there is anything left of
 * them. `null`: the whole schema tells.
 */
export async function traceOf(link: Link, statement: Concurrent): Promise<Trace | null> {
  switch (statement.kind) {
    case 'build':
      return null;
    case 'rebuild':
      return { kind: 'idempotent' };
    case 'drop':
    case 'detach': {
      const [found] = await link.ask(`SELECT ${scopeSql(statement)}`);
      const scope = valueOf(found);
      return scope === null ? null : { kind: 'schema', fingerprint: THERE, scope, after: GONE };
    }
  }
}

/** What `traceOf` promised of a scope, now. */
export async function look(link: Link, scope: string): Promise<string> {
  const [kind, object = '', of = ''] = scope.split(' ');
  const there =
    kind === 'index'
      ? `SELECT 1 FROM pg_catalog.pg_class WHERE oid = ${Number(object)} AND relkind IN ('i', 'I')`
      : `SELECT 1 FROM pg_catalog.pg_inherits WHERE inhrelid = ${Number(object)} AND inhparent = ${Number(of)}`;
  const [answer] = await link.ask(`SELECT EXISTS (${there})`);
  return valueOf(answer) === 't' ? THERE : GONE;
}

function scopeSql(statement: Extract<Concurrent, { readonly kind: 'drop' | 'detach' }>): string {
  return statement.kind === 'drop'
    ? `'index ' || ${regclass(statement.name)}::oid`
    : `'partition ' || ${regclass(statement.partition)}::oid || ' ' || ${regclass(statement.table)}::oid`;
}

/** What ends the detaching of a partition that was begun and cut short; `null` where nothing was begun. */
export async function finishing(link: Link, statement: Concurrent): Promise<string | null> {
  if (statement.kind !== 'detach') return null;
  const { table, partition } = statement;
  const [answer] = await link.ask(
    `SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhrelid = ${regclass(partition)} AND inhparent = ${regclass(table)}`,
  );
  if (valueOf(answer) !== 't') return null;
  return `ALTER TABLE ${quoteIdent(postgres, ...table)} DETACH PARTITION ${quoteIdent(postgres, ...partition)} FINALIZE`;
}
