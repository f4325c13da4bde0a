import { hash } from 'node:crypto';
import { definitionsOf, objectsIn, plainly } from './definitions.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';

/**
 * `sha256:<hex>` of everything in the schema of the history except Detent's own tables. Each definition is the server's
 * own text, in one form, so that two equal schemas agree whatever their history.
 */
export async function schemaFingerprint(link: Link): Promise<string> {
  const { schema, own } = await link.books();
  const { foldsNames } = await link.greeting();
  const fold = (name: string): string => (foldsNames ? name.toLowerCase() : name);
  const mine = new Set(own.map(fold));
  return plainly(link, async () => {
    const objects = (await objectsIn(link, schema)).filter(({ name }) => !mine.has(fold(name)));
    const definitions = await definitionsOf(link, objects);
    const lines = objects.map(({ kind, name }, index) => JSON.stringify([kind, fold(name), definitions[index]]));
    const [defaults] = await link.ask(
      `SELECT DEFAULT_COLLATION_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${literal(schema)}`,
    );
    lines.push(JSON.stringify(['database', defaults?.rows[0]?.['name'] ?? null]));
    return `sha256:${hash('sha256', lines.sort().join('\n'))}`;
  });
}
