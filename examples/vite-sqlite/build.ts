// The page into dist/client, and the server with its migrations into one file, dist/server.js.
import { build } from 'vite';

await build({ configLoader: 'native', build: { outDir: 'dist/client' } });
await build({
  configLoader: 'native',
  ssr: { noExternal: true, external: ['better-sqlite3'], resolve: { conditions: ['source', 'module', 'node'] } },
  build: { ssr: 'server.ts', emptyOutDir: false, rollupOptions: { output: { inlineDynamicImports: true } } },
});
