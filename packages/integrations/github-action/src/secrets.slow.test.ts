import { expect, test } from 'vitest';
import { standInApi } from './fixtures/api.ts';
import { repository, type Outcome } from './fixtures/runner.ts';

let made = 0;
const canaries: string[] = [];
function canary(shape: (word: string) => string = (word) => word): string {
  made += 1;
  const secret = shape(`canary${made}Zq${(made * 7919).toString(36)}`);
  canaries.push(secret);
  return secret;
}

const NAMES =
  `DB_PASSWORD PGPASSWORD MYSQL_PWD ADMIN_PASSWD API_KEY APIKEY STRIPE_SECRET_KEY AWS_SECRET_ACCESS_KEY GITHUB_TOKEN
  NPM_TOKEN NODE_AUTH_TOKEN SLACK_TOKEN SESSION_SECRET JWT_SECRET CLIENT_SECRET SIGNING_PRIVATE_KEY GOOGLE_CREDENTIALS
  azure_client_secret sentry_auth_token Vault_Token`.split(/\s+/u);

const environment: Record<string, string> = {
  ...Object.fromEntries(NAMES.map((name) => [name, canary()])),
  MAIN_URL: `postgres://app:${canary()}@db.internal/shop`,
  READ_URL: `postgres://app:${encodeURIComponent(canary((word) => `${word}@/:%`))}@db.internal/shop`,
  RAW_URL: `mysql://app:${canary((word) => `${word}@x`)}@db.internal/shop`,
  SLASH_URL: `postgres://app:${canary((word) => `a/${word}`)}@db.internal/shop`,
  QUERY_URL: `mysql://db.internal/shop?password=${canary()}&sslmode=require`,
  CERT_URL: `postgres://db.internal/shop?sslpassword=${canary()}&connect_timeout=5`,
  REDIS_URL: `redis://:${canary()}@cache.internal:6379`,
  QUEUE_URL: `amqps://worker:${canary()}@queue.internal/v?heartbeat=10`,
  MONGO_URL: `mongodb+srv://app:${canary()}@cluster.internal/?authSource=admin`,
  HOOK_URL: `https://hooks.internal/x?key=${canary()}`,
  ODBC_DSN: `Driver=x;Server=db;Password=${canary()};Uid=app`,
  DEPLOY_PRIVATE_KEY: `-----BEGIN KEY-----\n${canary((word) => word.padEnd(40, 'A'))}\n${canary((word) => word.padEnd(40, 'B'))}\n-----END KEY-----`,
};
const placeholders = { owner: canary(), reader: canary(), writer: canary() };
const [urlPassword, scratchPassword, token] = [canary(), canary(), canary()];
environment['EXTRA_TOKEN'] = canary();

/** Everything that left the process, apart from the lines by which the runner learns what to hide. */
const said = ({ log, outputs, summary, annotations }: Outcome): string =>
  JSON.stringify([outputs, annotations]) + log + summary;

const seen = (text: string): string[] =>
  canaries.filter((secret) =>
    [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)].some((form) => text.includes(form)),
  );

test('F98 forty secrets are in no output, whatever a migration does with them', { timeout: 60_000 }, async () => {
  expect(new Set(canaries).size).toBe(40);
  await using api = await standInApi(token);
  const { run, write } = repository({
    'migrations/V1_tell_everything.mjs': `export async function up(db, info, { log }) {
  const all = Object.values(process.env);
  console.log(process.env);
  console.error(JSON.stringify(process.env));
  process.stdout.write(Buffer.from(all.join('\\n')));
  for (const value of all) log.info(value);
  throw new Error(all.join(' '));
}
`,
  });
  const step = { env: environment, event: 'pull_request', api } as const;
  const told = await run({ ...step, with: { url: 'sqlite:app.db' } });
  expect(told.annotations[0]?.properties['title']).toBe('Detent: SCRIPT_FAILED');
  const scratch = { 'scratch-url': `postgres://app:${scratchPassword}@127.0.0.1:9/shop` };
  const unreachable = await run({ ...step, with: scratch });
  const unreachables = [unreachable];
  for (const scheme of ['postgres', 'mysql', 'mongodb']) {
    const url = `${scheme}://app:${urlPassword}@127.0.0.1:9/shop`;
    unreachables.push(await run({ ...step, with: { command: 'apply', url } }));
  }
  for (const { outputs } of unreachables) expect(outputs).toMatchObject({ status: 'failed', 'exit-code': '69' });

  write({
    'migrations/V1_tell_everything.mjs': 'export const up = () => undefined;\n',
    'migrations/V2_grant.sql':
      "SELECT '${owner}';\nINSERT INTO nowhere VALUES ('${owner}', '${reader}', '${writer}');\n",
    'detent.config.json': JSON.stringify({ url: 'sqlite:app.db', placeholders }),
  });
  const filled = await run({ ...step, with: {} });
  expect(filled.annotations[0]?.properties).toMatchObject({ file: 'migrations/V2_grant.sql', line: '2' });

  const all = [told, ...unreachables, filled].map(said).join('\n') + api.comments.map(({ body }) => body).join('\n');
  expect(api.comments).toHaveLength(1);
  expect(seen(all)).toEqual([]);
});

test('the runner learns what to hide before anything else is printed', { timeout: 60_000 }, async () => {
  const { run } = repository({ 'migrations/V1_nothing.mjs': 'export const up = () => undefined;\n' });
  const { log } = await run({ with: { url: 'sqlite:app.db' }, env: environment });
  expect(log.startsWith('::stop-commands::')).toBe(true);
});
