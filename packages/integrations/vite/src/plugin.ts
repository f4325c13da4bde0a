import type { Plugin } from 'vite';
import { checkOptions, type Options } from '@detent/core';
import { bundleSource, VIRTUAL_ID } from './bundle.ts';
import { serveMigrations } from './dev.ts';

/** Everything that an executor takes; `cwd` is Vite's root unless told. */
export type DetentPluginOptions<Db = unknown> = Options<Db>;

const RESOLVED_ID = `\0${VIRTUAL_ID}`;

/**
 * Migrates when the dev server starts and when a migration changes, and gives `virtual:detent/migrations` to bundles. A
 * build never opens a database. Throws `CONFIG` at once for options that are wrong.
 */
export function detent<Db>(options: DetentPluginOptions<Db>): Plugin {
  checkOptions(options);
  let rooted: Options<Db> = options;
  let stop = (): Promise<void> => Promise.resolve();
  return {
    name: 'detent',
    configResolved: ({ root }) => {
      rooted = { ...options, cwd: options.cwd ?? root };
    },
    configureServer: (server) => {
      const serving = serveMigrations(rooted, server, () => {
        for (const { moduleGraph } of Object.values(server.environments)) {
          const module = moduleGraph.getModuleById(RESOLVED_ID);
          if (module !== undefined) moduleGraph.invalidateModule(module);
        }
      });
      stop = () => serving.stop();
    },
    buildEnd: () => stop(),
    resolveId: (id) => (id === VIRTUAL_ID ? RESOLVED_ID : null),
    load: {
      async handler(id) {
        if (id !== RESOLVED_ID) return null;
        if (this.environment.config.consumer === 'client') {
          this.error(`${VIRTUAL_ID} belongs on the server: a browser must not get the migrations.`);
        }
        const { code, files, problem } = await bundleSource(rooted);
        for (const file of files) this.addWatchFile(file);
        if (problem !== null) this.error(problem);
        return { code, moduleSideEffects: false };
      },
    },
  };
}
