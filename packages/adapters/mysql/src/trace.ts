import { hash } from 'node:crypto';
import type { Statement, Trace } from '@detent/core';
import { rowsFingerprint, type Coverage, type Table } from './coverage.ts';
import { definitionsOf, isObjectKind, lookAt, plainly, type SchemaObject } from './definitions.ts';
import type { Link } from './link.ts';
import { touchedBy } from './touched.ts';

/**
 * What shows whether a statement ran: the definitions of what it names, and of nothing else; or the rows of tables that
 * know no transactions.
 */
export async function traceOf(link: Link, coverage: Coverage, statement: Statement): Promise<Trace> {
  if (statement.kind !== 'data') return schemaTrace(link, statement.text);
  const beyond = await coverage.beyond(statement);
  switch (beyond.kind) {
    case 'nothing':
      return { kind: 'none' };
    case 'rows': {
      const scope = JSON.stringify({ rows: beyond.tables });
      return { kind: 'rows', fingerprint: await rowsFingerprint(link, beyond.tables), scope };
    }
    case 'commits':
      return beyond.text === null ? { kind: 'none' } : schemaTrace(link, beyond.text);
  }
}

async function schemaTrace(link: Link, text: string): Promise<Trace> {
  const touched = touchedBy(text);
  switch (touched.kind) {
    case 'idempotent':
      return { kind: 'idempotent' };
    case 'unseen':
      return { kind: 'none' };
    case 'objects': {
      // What such a server says of a table after a crash may be true of one half of it.
      if (!(await link.greeting()).hasAtomicDdl) return { kind: 'none' };
      // A migration may have chosen another database.
      const { objects, definitions } = await lookAt(link, touched.objects);
      return traceFrom(objects, definitions, touched.gone);
    }
  }
}

/** `gone`: none of them is there afterwards. */
export function traceFrom(
  objects: readonly SchemaObject[],
  definitions: readonly (string | null)[],
  gone: boolean,
): Trace {
  return {
    kind: 'schema',
    fingerprint: digestOf(definitions),
    scope: JSON.stringify(objects),
    after: gone ? digestOf(objects.map(() => null)) : null,
  };
}

/** Of the part of the schema that a trace named. */
export function scopedFingerprint(link: Link, scope: string): Promise<string> {
  const named: unknown = JSON.parse(scope);
  if (Array.isArray(named)) return fingerprintOf(link, named.filter(isSchemaObject));
  const rows: unknown = typeof named === 'object' && named !== null ? Reflect.get(named, 'rows') : null;
  return rowsFingerprint(link, Array.isArray(rows) ? rows.filter(isTable) : []);
}

async function fingerprintOf(link: Link, objects: readonly SchemaObject[]): Promise<string> {
  return digestOf(await plainly(link, () => definitionsOf(link, objects)));
}

function digestOf(definitions: readonly (string | null)[]): string {
  return `sha256:${hash('sha256', JSON.stringify(definitions))}`;
}

function isSchemaObject(value: unknown): value is SchemaObject {
  return isTable(value) && isObjectKind(Reflect.get(value, 'kind'));
}

function isTable(value: unknown): value is Table {
  if (typeof value !== 'object' || value === null) return false;
  return typeof Reflect.get(value, 'schema') === 'string' && typeof Reflect.get(value, 'name') === 'string';
}
