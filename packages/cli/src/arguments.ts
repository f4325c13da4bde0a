import { parseArgs, type ParseArgsConfig } from 'node:util';
import { COMMANDS } from './catalog.ts';
import { GLOBAL_FLAGS, type Command, type Flag } from './command.ts';

/** Switches and values by flag name; the global ones by themselves. */
export interface Flags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly values: ReadonlyMap<string, string | true>;
  /** The settings that flags stand for: flag name → path in the configuration. */
  readonly sets: ReadonlyMap<string, string>;
}

export type Parsed =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly command: Command | null }
  | { readonly kind: 'command'; readonly command: Command; readonly args: readonly string[]; readonly flags: Flags }
  | {
      readonly kind: 'wrong';
      readonly message: string;
      readonly hint: string;
      readonly word: string;
      readonly known: readonly string[];
    };

/** Reads the command line. What is wrong comes back with the words that could have been meant. */
export function parseArguments(argv: readonly string[]): Parsed {
  const at = argv.findIndex((arg, index) => !arg.startsWith('-') && !takesValue(argv[index - 1]));
  const word = argv[at];
  if (word === undefined) return withoutCommand(argv);
  if (word === 'help') {
    const about = argv[at + 1];
    const found = about === undefined ? null : findCommand(about);
    return found === undefined ? unknownCommand(about ?? '') : { kind: 'help', command: found };
  }
  const command = findCommand(word);
  if (command === undefined) return unknownCommand(word);
  return parseFlags(command, [...argv.slice(0, at), ...argv.slice(at + 1)]);
}

function findCommand(word: string): Command | undefined {
  return COMMANDS.find(({ name, aliases }) => name === word || aliases.includes(word));
}

function withoutCommand(argv: readonly string[]): Parsed {
  const known = GLOBAL_FLAGS;
  const wrong = argv.find((arg) => arg.startsWith('-') && find(known, arg) === undefined);
  if (wrong !== undefined) return unknownFlag(wrong, known, null);
  if (argv.includes('--version') || argv.includes('-V')) return { kind: 'version' };
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h')) return { kind: 'help', command: null };
  return {
    kind: 'wrong',
    message: 'There is no command.',
    hint: 'See `detent --help` for all of them.',
    word: '',
    known: [],
  };
}

function unknownCommand(word: string): Parsed {
  const known = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  return {
    kind: 'wrong',
    message: `There is no command "${word}"`,
    hint: 'See `detent --help` for all of them.',
    word,
    known,
  };
}

function unknownFlag(written: string, known: readonly Flag[], command: Command | null): Parsed {
  const word = written.replace(/=.*$/s, '');
  const hint = command === null ? 'See `detent --help`.' : `See \`detent ${command.name} --help\`.`;
  const what = command === null ? 'There is no flag' : `\`detent ${command.name}\` has no flag`;
  return { kind: 'wrong', message: `${what} "${word}"`, hint, word, known: known.map(({ name }) => `--${name}`) };
}

function parseFlags(command: Command, argv: readonly string[]): Parsed {
  const known = [...command.flags, ...GLOBAL_FLAGS];
  const hint = `See \`detent ${command.name} --help\`.`;
  const wrong = (message: string, word = '', candidates: readonly string[] = []): Parsed => ({
    kind: 'wrong',
    message,
    hint,
    word,
    known: candidates,
  });
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, short, value } of known)
    options[name] = { type: value === null ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) };
  const { tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
  const values = new Map<string, string | true>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = find(known, token.rawName);
    if (flag === undefined) return unknownFlag(token.rawName, known, command);
    if (flag.value === null && token.value !== undefined) return wrong(`--${flag.name} takes no value.`);
    if (flag.value === null) values.set(flag.name, true);
    else if (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('--')))
      return wrong(`--${flag.name} needs a value: --${flag.name} ${flag.value}.`);
    else if (flag.choices !== undefined && !flag.choices.includes(token.value))
      return wrong(`--${flag.name} is one of ${flag.choices.join(', ')}`, token.value, flag.choices);
    else if (values.has(flag.name)) return wrong(`--${flag.name} is given twice.`);
    else values.set(flag.name, token.value);
  }
  if (values.has('version')) return { kind: 'version' };
  if (values.has('help')) return { kind: 'help', command };
  const needed = command.args.filter((arg) => arg.startsWith('<')).length;
  const most = command.args.some((arg) => arg.includes('...')) ? Number.POSITIVE_INFINITY : command.args.length;
  if (args.length < needed) return wrong(`\`detent ${command.name}\` needs ${command.args[args.length] ?? 'more'}.`);
  if (args.length > most)
    return wrong(`\`detent ${command.name}\` does not know what to do with "${args[most] ?? ''}".`);
  const sets = new Map(known.flatMap(({ name, sets: path }) => (path === undefined ? [] : [[name, path] as const])));
  const flags: Flags = {
    json: values.has('json'),
    quiet: values.has('quiet'),
    verbose: values.has('verbose'),
    values,
    sets,
  };
  return { kind: 'command', command, args, flags };
}

function find(flags: readonly Flag[], written: string): Flag | undefined {
  const word = written.replace(/=.*$/s, '');
  return flags.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
}

/** Whether the next word belongs to this global flag, so that it is not taken for the command. */
function takesValue(arg: string | undefined): boolean {
  if (arg === undefined || arg.includes('=')) return false;
  const flag = find(GLOBAL_FLAGS, arg);
  return flag !== undefined && flag.value !== null;
}
