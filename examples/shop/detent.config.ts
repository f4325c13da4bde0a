import { defineConfig, sqlite } from '@detent/sqlite';

export default defineConfig({
  adapter: sqlite({ url: 'sqlite:shop.db' }),
  migrations: 'migrations',
});
