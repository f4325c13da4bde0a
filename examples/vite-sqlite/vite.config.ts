import { defineConfig, type Plugin } from 'vite';
import { sqlite } from '@detent/sqlite';
import { detent } from '@detent/vite';
import { answer, databaseFile } from './src/notes.ts';

/** The application's own part of the dev server. */
const api: Plugin = {
  name: 'notes',
  configureServer: ({ middlewares }) => void middlewares.use('/api/notes', (_, response) => answer(response)),
};

export default defineConfig({ plugins: [detent({ adapter: sqlite({ url: `sqlite:${databaseFile}` }) }), api] });
