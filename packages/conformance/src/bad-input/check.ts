import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DetentError, describeError, MigrationScriptExecutor, type Options } from '@detent/core';
import type { ConformanceTarget, TestDatabase } from '../target.ts';
import type { BadInput, Tree } from './bad-input.ts';
import { badFiles } from './files.ts';
import { badHistories } from './history.ts';
import { badModules } from './modules.ts';
import { badOptions } from './options.ts';

export function badInputsOf(target: ConformanceTarget): readonly BadInput[] {
  return [badFiles, badModules, badOptions, badHistories].flatMap((make) => make(target));
}

/** A word that stands in URLs where a password does, and must never be told. */
const SECRET = 'geheim';

/** Everything that is not as it is owed: the code, a hint, nothing written, no secret told. */
export async function checkBadInput(target: ConformanceTarget, input: BadInput): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'detent-bad-input-'));
  const folder = join(root, 'migrations');
  mkdirSync(folder);
  const database = await target.createDatabase();
  try {
    if (input.applied !== undefined) await applyFirst(target, database, root, input.applied);
    if (input.commands !== undefined) await database.query(...input.commands);
    plant(folder, input.files ?? {});
    input.prepare?.(folder);
    const before = await stateOf(database);
    const errors = await errorsOf(target, database, input, root);
    const after = await stateOf(database);
    return [...errorFlaws(errors, input), ...(before === after ? [] : ['something was written'])];
  } finally {
    await database.drop();
    rmSync(root, { recursive: true, force: true });
  }
}

async function applyFirst(target: ConformanceTarget, database: TestDatabase, root: string, files: Tree): Promise<void> {
  const folder = join(root, 'applied');
  plant(folder, files);
  await using executor = new MigrationScriptExecutor({
    adapter: target.adapter(database.url),
    migrations: folder,
    cwd: root,
  });
  const { errors } = await executor.migrate();
  if (errors[0] !== undefined) throw errors[0];
}

/** What it threw, or what its result says. */
async function errorsOf(
  target: ConformanceTarget,
  database: TestDatabase,
  input: BadInput,
  root: string,
): Promise<readonly unknown[]> {
  try {
    const adapter = target.adapter(input.url?.(mkdtempSync(join(root, 'url-'))) ?? database.url);
    const options = { cwd: root, migrations: 'migrations', adapter, ...input.options } as unknown as Options;
    await using executor = new MigrationScriptExecutor(options);
    const ask = input.ask ?? ((asked) => asked.migrate());
    const result = (await ask(executor, root)) as { readonly errors: readonly unknown[] };
    return result.errors;
  } catch (thrown) {
    return [thrown];
  }
}

function errorFlaws(errors: readonly unknown[], input: BadInput): string[] {
  const [first] = errors;
  if (first === undefined) return ['nothing was wrong with it'];
  const flaws = errors.flatMap((error) => {
    if (!(error instanceof DetentError)) return [`${String(error)} is no error of Detent's`];
    const told = `${JSON.stringify(describeError(error))}${error.stack ?? ''}`;
    return [
      ...((error.hint ?? '').trim() === '' ? [`${error.code} has no hint: ${error.message}`] : []),
      ...(told.includes(SECRET) ? [`${error.code} tells a secret`] : []),
      ...(/[.?!]$/u.test(error.message) ? [] : [`${error.code} is no sentence: ${error.message}`]),
    ];
  });
  const { code, message } = first as DetentError;
  return code === input.code ? flaws : [...flaws, `it gave ${code}, not ${input.code}: ${message}`];
}

async function stateOf(database: TestDatabase): Promise<string> {
  return JSON.stringify([await database.digest(), await database.bookkeeping()]);
}

function plant(folder: string, files: Tree): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}
