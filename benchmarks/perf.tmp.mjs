const [n, db] = process.argv.slice(2);
const { MigrationScriptExecutor } = await import('@detent/core');
const { sqlite } = await import('@detent/sqlite');
const e = new MigrationScriptExecutor({ adapter: sqlite({ url: db }), migrations: `/tmp/perf/m${n}` });
const r = await e.migrate();
if (!r.success) { console.error(r.errors.slice(0,2)); process.exit(1); }
await e.close();
