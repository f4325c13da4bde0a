import { hash } from 'node:crypto';
import type { Statement, Trace } from '@detent/core';
import { definitionsOf, isObjectKind, plainly, type SchemaObject } from './definitions.ts';
import type { Link } from './link.ts';
import { touchedBy } from './touched.ts';
import { valueOf } from './wire.ts';

/** What shows whether a statement ran: the definitions of what it names, and of nothing else. */
export async function traceOf(link: Link, { text }: Statement): Promise<Trace> {
  const touched = touchedBy(text);
  switch (touched.kind) {
    case 'idempotent':
      return { kind: 'idempotent' };
    case 'unseen':
      return { kind: 'none' };
    case 'objects': {
      // A migration may have chosen another database.
      const current = valueOf((await link.ask('SELECT DATABASE()'))[0]) ?? '';
      const objects = touched.objects.map(({ kind, schema, name }) => ({ kind, schema: schema ?? current, name }));
      return {
        kind: 'schema',
        fingerprint: await fingerprintOf(link, objects),
        scope: JSON.stringify(objects),
        after: touched.gone ? digestOf(objects.map(() => null)) : null,
      };
    }
  }
}

/** Of the part of the schema that a trace named. */
export function scopedFingerprint(link: Link, scope: string): Promise<string> {
  const objects: unknown = JSON.parse(scope);
  return fingerprintOf(link, Array.isArray(objects) ? objects.filter(isSchemaObject) : []);
}

async function fingerprintOf(link: Link, objects: readonly SchemaObject[]): Promise<string> {
  return digestOf(await plainly(link, () => definitionsOf(link, objects)));
}

function digestOf(definitions: readonly (string | null)[]): string {
  return `sha256:${hash('sha256', JSON.stringify(definitions))}`;
}

function isSchemaObject(value: unknown): value is SchemaObject {
  if (typeof value !== 'object' || value === null) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  return isObjectKind(field('kind')) && typeof field('schema') === 'string' && typeof field('name') === 'string';
}
