import { padEnd, screenOf, type Screen } from '@detent/core/render';
import { COMMANDS } from './catalog.ts';
import { GLOBAL_FLAGS, type Command, type Flag } from './command.ts';
import { VERSION } from './version.ts';

/** What each group of commands is for, in the order of help. */
const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Start', ['init', 'create']],
  ['Migrate', ['up', 'down', 'redo']],
  ['Look', ['status', 'plan', 'history', 'validate', 'verify', 'doctor', 'config']],
  ['Mend', ['baseline', 'mark', 'resolve', 'repair', 'backup', 'restore', 'unlock']],
];

/** Of one command, or of all. Fits a screen. */
export function drawHelp(command: Command | null): string {
  const screen = screenOf(process.stdout);
  return command === null ? overview(screen) : explain(screen, command);
}

function overview(screen: Screen): string {
  const { paint } = screen;
  const lines = [
    `${paint('strong', 'detent')} ${VERSION}  database migrations that never stop between two versions`,
    '',
    `Usage  ${paint('accent', 'detent <command> [flags]')}`,
  ];
  for (const [title, names] of GROUPS) {
    lines.push('', paint('strong', title));
    for (const command of COMMANDS.filter(({ name }) => names.includes(name))) {
      const called = [command.name, ...command.aliases].join(', ');
      lines.push(`  ${paint('accent', padEnd(called, 20))} ${command.summary}`);
    }
  }
  lines.push(
    '',
    `${paint('strong', 'Flags')}  ${GLOBAL_FLAGS.map(({ name }) => `--${name}`).join(' ')}`
      .replace(/(.{1,76})(?: |$)/g, '$1\n')
      .trimEnd(),
  );
  lines.push('', `${paint('accent', 'detent <command> --help')} explains a command and shows examples.`);
  return `${lines.join('\n')}\n`;
}

function explain(screen: Screen, { name, aliases, summary, args, flags, examples }: Command): string {
  const { paint } = screen;
  const also = aliases.length === 0 ? '' : `  ${paint('faint', `also: ${aliases.join(', ')}`)}`;
  const usage = ['detent', name, ...args, ...(flags.length === 0 ? [] : ['[flags]'])].join(' ');
  const lines = [`${paint('strong', `detent ${name}`)}  ${summary}${also}`, '', `Usage  ${paint('accent', usage)}`];
  const width = [...flags, ...GLOBAL_FLAGS].reduce((most, flag) => Math.max(most, written(flag).length), 0);
  if (flags.length > 0) lines.push('', paint('strong', 'Flags'), ...flags.map((flag) => line(screen, flag, width)));
  lines.push('', paint('strong', 'Flags of every command'), ...GLOBAL_FLAGS.map((flag) => line(screen, flag, width)));
  lines.push('', paint('strong', 'Examples'));
  const longest = examples.reduce((most, [example]) => Math.max(most, example.length), 0);
  for (const [example, does] of examples)
    lines.push(`  ${paint('accent', padEnd(example, longest))}  ${paint('faint', does)}`);
  return `${lines.join('\n')}\n`;
}

function line(screen: Screen, flag: Flag, width: number): string {
  const choices = flag.choices === undefined ? '' : screen.paint('faint', `: ${flag.choices.join(', ')}`);
  return `  ${screen.paint('accent', padEnd(written(flag), width))}  ${flag.summary}${choices}`;
}

function written({ name, short, value }: Flag): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === null ? '' : ` ${value}`}`;
}
