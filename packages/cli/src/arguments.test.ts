import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { COMMANDS } from './catalog.ts';

test.each([
  ['--version', 'version'],
  ['-V', 'version'],
  ['up --version', 'version'],
  ['', 'help'],
  ['--help', 'help'],
  ['help', 'help'],
  ['help up', 'help'],
  ['up -h', 'help'],
])('`detent %s` is understood as %s', (line, kind) => {
  expect(parseArguments(line === '' ? [] : line.split(' ')).kind).toBe(kind);
});

test('a command is found behind global flags with values', () => {
  const parsed = parseArguments(['--url', 'sqlite:app.db', '--json', 'up', '--to', '5']);
  expect(parsed).toMatchObject({ kind: 'command', command: { name: 'up' }, flags: { json: true } });
});

test('every alias leads to its command', () => {
  for (const { name, aliases } of COMMANDS) {
    for (const alias of aliases)
      expect(parseArguments([alias, '--help'])).toMatchObject({ kind: 'help', command: { name } });
  }
});

test('no two commands share a name', () => {
  const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  ['stauts', 'There is no command "stauts"'],
  ['up --too 5', '`detent up` has no flag "--too"'],
  ['up --to', '--to needs a value'],
  ['up --to=', '--to needs a value'],
  ['up --to --json', '--to needs a value'],
  ['up --json=yes', '--json takes no value'],
  ['up --rollback bakup', '--rollback is one of none, down, backup, both'],
  ['up --to 1 --to 2', '--to is given twice'],
  ['up extra', '`detent up` does not know what to do with "extra"'],
  ['restore', '`detent restore` needs <path>'],
  ['--jsn', 'There is no flag "--jsn"'],
  ['--json', 'There is no command'],
  ['up -x', '`detent up` has no flag "-x"'],
])('`detent %s` is wrong usage', (line, message) => {
  const parsed = parseArguments(line.split(' '));
  expect(parsed.kind).toBe('wrong');
  expect(parsed).toHaveProperty('message', expect.stringContaining(message));
});

test('what follows -- is no flag', () => {
  expect(parseArguments(['create', '--', '--strange'])).toMatchObject({ kind: 'command', args: ['--strange'] });
});
