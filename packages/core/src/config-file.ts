import type { Options } from './config.ts';
import type { DatabaseAdapter } from './ports/adapter.ts';

/** What `detent.config.ts` holds: the options, and what the command line adds to them. */
export interface DetentConfig<Db = unknown> extends Omit<Options<Db>, 'adapter'> {
  readonly adapter?: DatabaseAdapter<Db>;
  /** Where the database is. Without an adapter its scheme chooses one. */
  readonly url?: string;
  /** What differs by name of environment, chosen by `--env` or DETENT_ENV. */
  readonly environments?: Readonly<Record<string, Omit<DetentConfig<Db>, 'environments'>>>;
}

/** Gives the configuration back as it is; there for its types. */
export function defineConfig<Db = unknown>(config: DetentConfig<Db>): DetentConfig<Db> {
  return config;
}
