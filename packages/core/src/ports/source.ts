import type { Problem } from '../errors.ts';
import type { MigrationKind } from './history.ts';

/** Where migrations come from: a folder, or modules that a bundle holds. */
export interface MigrationSource {
  /** For messages: the folder's path, or `modules`. */
  readonly name: string;
  /** Reads what is there, in no order. What is wrong with it comes back as problems, never as silence. */
  discover(adapter: { readonly scriptExtensions: readonly string[] }): Promise<Discovered>;
}

export interface Discovered {
  readonly files: readonly MigrationFile[];
  readonly hooks: readonly HookFile[];
  readonly problems: readonly Problem[];
}

export interface MigrationFile {
  /** As in the history: the version without leading zeros, or `R__name`. */
  readonly id: string;
  readonly version: string | null;
  /** Without version, direction and extension: `create_users`. */
  readonly name: string;
  readonly kind: MigrationKind;
  /** Path below the source, `/` between folders; what people see. */
  readonly file: string;
  /** Absolute path, or `file` where there is no file system. */
  readonly filepath: string;
  readonly checksum: string;
  readonly rawChecksum: string;
  readonly up: Content;
  /** The other file of a pair; `null` when `up` holds both directions. */
  readonly down: Content | null;
  /** The compiled twin of a TypeScript file, or the other way round. */
  readonly twin: { readonly file: string; readonly checksum: string; readonly rawChecksum: string } | null;
}

export interface HookFile {
  readonly when: 'beforeMigrate' | 'afterMigrate';
  readonly content: Content;
}

/** Read when it is needed; a content that changed since it was discovered throws `FILE_CHANGED`. */
export type Content =
  | { readonly kind: 'script'; readonly file: string; text(): Promise<string> }
  | { readonly kind: 'code'; readonly file: string; module(): Promise<unknown>; source(): Promise<string | null> };
