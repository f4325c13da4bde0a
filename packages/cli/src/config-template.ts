import { holdsSecret, withoutSecret } from './config/secrets.ts';
import type { Setup } from './init-questions.ts';

export interface ConfigParts extends Setup {
  /** The adapter's name, and that of its package after `@detent/`. */
  readonly adapter: string;
  /** Whether the package is installed, so that it can be imported. */
  readonly typed: boolean;
}

const COSTS = {
  none: 'What succeeded before a failure stays; each migration is all or nothing where the database can do that.',
  down: 'A failed run is undone by `down`, so every migration needs one.',
  backup:
    'A backup is made before each run, and restored after a failure: time and disk space as large as the database.',
  both: 'A failed run is undone by `down` and compared; where that does not lead back, a backup is restored. Needs the space.',
} as const;

/** A URL with a password is left to the environment. */
export function configText({ url, migrations, rollback, adapter, typed }: ConfigParts): string {
  const shown = JSON.stringify(withoutSecret(url)).replace(/^"|"$/g, "'").replaceAll('\\"', '"');
  const fields = [
    `migrations: '${migrations.replace(/[\\']/g, '\\$&')}',`,
    `// ${COSTS[rollback]}`,
    `rollback: '${rollback}',`,
  ];
  const body = (first: readonly string[]): string => [...first, ...fields].map((line) => `  ${line}\n`).join('');
  const secret = holdsSecret(url);
  if (!typed) {
    const where = secret ? ['// The database is named by the variable DATABASE_URL.'] : [`url: ${shown},`];
    return `export default {\n${body(where)}};\n`;
  }
  const first = [
    ...(secret ? ['// The whole URL, with its password, is in the variable DATABASE_URL.'] : []),
    `adapter: ${adapter}({ url: process.env['DATABASE_URL'] ?? ${shown} }),`,
  ];
  return `import { defineConfig, ${adapter} } from '@detent/${adapter}';\n\nexport default defineConfig({\n${body(first)}});\n`;
}
