import { resolve } from 'node:path';
import { checkOptions, directory, misuse, type MigrationFile, type Options } from '@detent/core';

export const VIRTUAL_ID = 'virtual:detent/migrations';

interface BundleSource {
  /** A module whose default export is a source of migrations. */
  readonly code: string;
  /** Absolute paths of what it was made of. */
  readonly files: readonly string[];
  /** What is wrong with the folder; `null` when nothing is. */
  readonly problem: { readonly message: string; readonly id?: string } | null;
}

/**
 * Scripts as text and code as imports, with the checksums of their files, so that a history that was written from the
 * folder fits. Reads files and nothing else.
 */
export async function bundleSource<Db>(options: Options<Db>): Promise<BundleSource> {
  const { adapter, migrations, cwd, layout, ignore } = checkOptions(options);
  if (typeof migrations !== 'string') {
    throw misuse(`${VIRTUAL_ID} needs a folder of migrations.`, 'Give the plugin `migrations` as a path.');
  }
  const folder = resolve(cwd, migrations);
  const { files, hooks, problems } = await directory(folder, { layout, ignore }).discover(adapter);
  const contents = [
    ...files.flatMap(({ up, down }) => (down === null ? [up] : [up, down])),
    ...hooks.map(({ content }) => content),
  ];
  const imports: string[] = [];
  const entries: string[] = [];
  for (const [index, content] of contents.entries()) {
    const value = content.kind === 'script' ? JSON.stringify(await content.text()) : `m${index}`;
    if (content.kind === 'code')
      imports.push(`import * as m${index} from ${JSON.stringify(resolve(folder, content.file))};`);
    entries.push(`  [${JSON.stringify(content.file)}, ${value}],`);
  }
  const given = JSON.stringify({ layout, checksums: checksumsOf(files) }, null, 2);
  const lines = ["import { fromModules } from '@detent/core';", ...imports];
  const code = [...lines, `export default fromModules([`, ...entries, `], ${given});`, ''].join('\n');
  const [first] = problems;
  return {
    code,
    files: contents.map(({ file }) => resolve(folder, file)),
    problem: first === undefined ? null : { message: problems.map(textOf).join('\n'), ...placeOf(first, folder) },
  };
}

function checksumsOf(files: readonly MigrationFile[]): Record<string, object> {
  const code = files.filter(({ up }) => up.kind === 'code');
  return Object.fromEntries(code.map(({ file, checksum, rawChecksum }) => [file, { checksum, rawChecksum }]));
}

type Problem = Awaited<ReturnType<ReturnType<typeof directory>['discover']>>['problems'][number];

function textOf({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message}\n  ${hint}`;
}

function placeOf({ facts }: Problem, folder: string): { id?: string } {
  return facts.place === undefined ? {} : { id: resolve(folder, facts.place.file) };
}
