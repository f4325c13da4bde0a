import { goodFile, type BadInput, type BadInputs } from './bad-input.ts';

/** Options, URLs, and what is asked of an executor. */
export const badOptions: BadInputs = (target) => {
  const good = goodFile(target, '1');
  const wrong: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    'an unknown option': { rollbak: 'both' },
    'an unknown option inside another': { backup: { fodler: 'x' } },
    'an unknown strategy': { rollback: 'restore' },
    'a strategy that is a number': { rollback: 1 },
    'an unknown transaction mode': { transaction: 'every' },
    'an unknown layout': { layout: 'rails' },
    'an unknown backup mode': { backup: { mode: 'always' } },
    'restore-only without a backup': { rollback: 'backup', backup: { mode: 'restore-only' } },
    'backup that is no object': { backup: true },
    'an unknown policy for a held lock': { lock: { onHeld: 'ignore' } },
    'a negative time': { lock: { waitMs: -1 } },
    'an endless time': { timeouts: { connectMs: Number.POSITIVE_INFINITY } },
    'a time that is a text': { timeouts: { lockMs: '3s' } },
    'a time that is no number': { timeouts: { statementMs: Number.NaN } },
    'an empty table name': { table: '' },
    'F103 a table name with a NUL': { table: 'a\0b' },
    'a table name that is a number': { table: 7 },
    'an unknown hook': { hooks: { beforeAll() {} } },
    'a hook that is no function': { hooks: { beforeMigrate: 'x' } },
    'placeholders that are no texts': { placeholders: { a: 1 } },
    'placeholders that are a list': { placeholders: ['a'] },
    'a logger that cannot warn': { logger: { info() {} } },
    'migrations that are a number': { migrations: 7 },
    'migrations without a name': { migrations: '' },
    'no adapter': { adapter: undefined },
    'an adapter that is none': { adapter: {} },
    'an adapter that is a text': { adapter: 'postgres://user:geheim@localhost/app' },
    'an empty user name': { username: '' },
    'an unknown answer to out-of-order files': { outOfOrder: 'maybe' },
    'an unknown answer to destruction': { destructive: 'ask' },
    'an answer of the wrong kind': { onMissing: true },
  };
  const options = Object.entries(wrong).map(([name, given]): BadInput => ({
    name: `options with ${name}`,
    code: 'CONFIG',
    files: good,
    options: given,
  }));
  const urls = Object.entries(target.language.badUrls).map(([name, bad]): BadInput => ({
    name: `a URL ${name}`,
    code: bad.code,
    files: good,
    url: (folder) => bad.prepare(folder),
  }));
  const questions: readonly BadInput[] = [
    {
      name: 'a version to go up to that there is not',
      code: 'TARGET_UNKNOWN',
      ask: (executor) => executor.migrate({ to: '99' }),
    },
    {
      name: 'a version to go up to that is no version',
      code: 'TARGET_UNKNOWN',
      ask: (executor) => executor.migrate({ to: 'latest' }),
    },
    {
      name: 'a version to go back to that there is not',
      code: 'TARGET_UNKNOWN',
      ask: (executor) => executor.down({ to: '99' }),
    },
    {
      name: 'both a version and a number to go back',
      code: 'CONFIG',
      ask: (executor) => executor.down({ to: '1', steps: 1 }),
    },
    { name: 'no step to go back', code: 'CONFIG', ask: (executor) => executor.down({ steps: 0 }) },
    { name: 'half a step to go back', code: 'CONFIG', ask: (executor) => executor.down({ steps: 0.5 }) },
    { name: 'nothing to do again', code: 'TARGET_UNKNOWN', ask: (executor) => executor.redo() },
    {
      name: 'a version to do again that is not applied',
      code: 'TARGET_UNKNOWN',
      ask: (executor) => executor.redo({ version: '1' }),
    },
    {
      name: 'an executor that was closed',
      code: 'CONFIG',
      ask: async (executor) => (await executor.close(), executor.migrate()),
    },
  ];
  return [...options, ...urls, ...questions.map((question) => ({ ...question, files: good }))];
};
