const [n, db] = process.argv.slice(2);
const { MigrationScriptExecutor } = await import('@detent/core');
const { sqlite } = await import('@detent/sqlite');
const e = new MigrationScriptExecutor({ adapter: sqlite({ url: db, journalMode: process.env.JM }), migrations: `/tmp/perf/m${n}` });
const t = performance.now();
const r = await e.migrate();
if (!r.success) { console.error(r.errors.slice(0,2)); process.exit(1); }
await e.close();
if (process.env.V) console.log(r.executed.length, (performance.now()-t).toFixed(1), (process.resourceUsage().maxRSS/1024).toFixed(0)+'MB');
