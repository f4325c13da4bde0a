import type { ErrorCode, MigrationScriptExecutor } from '@detent/core';
import type { ConformanceTarget } from '../target.ts';

/** Files by their path below the migrations folder. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** One way to give Detent something wrong, and the code of the error that it owes. */
export interface BadInput {
  readonly name: string;
  readonly code: ErrorCode;
  /** In the migrations folder. Nothing unless told. */
  readonly files?: Tree;
  /** What is wrong with the folder beyond its files' contents. */
  readonly prepare?: (folder: string) => void;
  /** Applied before by Detent, from files that are gone again unless `files` has them. */
  readonly applied?: Tree;
  /** Done to the database before, after `applied`. */
  readonly commands?: readonly string[];
  /** Beside `adapter` and `migrations`; of any shape, because that may be what is wrong. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** In place of the database's own; made in an empty folder. */
  readonly url?: (folder: string) => string;
  /** What is asked for; `migrate` unless told. */
  readonly ask?: (executor: MigrationScriptExecutor, folder: string) => Promise<unknown>;
}

/** Makes the cases that the language of a database has words for. */
export type BadInputs = (target: ConformanceTarget) => readonly BadInput[];

/** A file that is right, in a script where the database has scripts. */
export function goodFile({ language }: ConformanceTarget, version: string, table = `t${version}`): Tree {
  const { extension } = language;
  if (extension === null) return { [`V${version}_good.mjs`]: codeText };
  return {
    [`V${version}_good${extension}`]: `-- detent:up\n${language.createTable(table)};\n-- detent:down\n${language.dropTable(table)};\n`,
  };
}

export const codeText = 'export async function up() {}\nexport async function down() {}\n';
