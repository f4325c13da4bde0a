import { DetentError, didYouMean } from '@detent/core';
import { COMMANDS } from '../catalog.ts';
import { GLOBAL_FLAGS, type Command, type Flag } from '../command.ts';
import type { ExitCode, Invocation } from '../io.ts';

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

export async function run({ args }: Invocation): Promise<ExitCode> {
  const [shell = ''] = args;
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (write === undefined) {
    const known = Object.keys(SHELLS);
    throw new DetentError('USAGE', `There is no completion for "${shell}"${didYouMean(shell, known) || '.'}`, {
      hint: `There is one for ${known.join(', ')}.`,
    });
  }
  process.stdout.write(write());
  return 0;
}

const calls = ({ name, aliases }: Command): readonly string[] => [name, ...aliases];
const flagsOf = ({ flags }: Command): readonly Flag[] => [...flags, ...GLOBAL_FLAGS];

function bash(): string {
  const cases = COMMANDS.map(
    (command) =>
      `    ${calls(command).join('|')}) words="${flagsOf(command)
        .map(({ name }) => `--${name}`)
        .join(' ')}" ;;`,
  );
  const values = choices().map(
    ([flag, words]) => `    --${flag}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word")); return ;;`,
  );
  return `_detent() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words
  case "$before" in
${values.join('\n')}
    --config|--migrations|--cwd) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${COMMANDS.flatMap(calls).join(' ')} --help --version" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _detent detent
`;
}

function zsh(): string {
  const describe = (text: string): string =>
    text
      .replace(/'/g, "'\\''")
      .replace(/[[\]:]/g, '\\$&')
      .replaceAll('`', '');
  const commands = COMMANDS.flatMap((command) =>
    calls(command).map((name) => `    '${name}:${describe(command.summary)}'`),
  );
  const option = ({ name, value, summary, choices: words }: Flag): string =>
    `'--${name}${value === null ? '' : '='}[${describe(summary)}]${value === null ? '' : `:value:${words === undefined ? '_files' : `(${words.join(' ')})`}`}'`;
  const cases = COMMANDS.map(
    (command) =>
      `    ${calls(command).join('|')}) _arguments ${flagsOf(command).map(option).join(' ')} '*:file:_files' ;;`,
  );
  return `#compdef detent
_detent() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _detent detent
`;
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = ['complete -c detent -f'];
  for (const command of COMMANDS) {
    const seen = `__fish_seen_subcommand_from ${calls(command).join(' ')}`;
    for (const name of calls(command))
      lines.push(`complete -c detent -n __fish_use_subcommand -a ${name} -d ${quoted(command.summary)}`);
    for (const flag of command.flags) lines.push(`complete -c detent -n ${quoted(seen)} ${fishFlag(flag)}`);
  }
  for (const flag of GLOBAL_FLAGS) lines.push(`complete -c detent ${fishFlag(flag)}`);
  return `${lines.join('\n')}\n`;

  function fishFlag({ name, short, value, summary, choices: words }: Flag): string {
    const parts = [`-l ${name}`, ...(short === undefined ? [] : [`-s ${short}`]), `-d ${quoted(summary)}`];
    if (value !== null) parts.push(words === undefined ? '-r -F' : `-x -a ${quoted(words.join(' '))}`);
    return parts.join(' ');
  }
}

function choices(): readonly (readonly [flag: string, words: readonly string[]])[] {
  const found = new Map<string, readonly string[]>();
  for (const flag of COMMANDS.flatMap(flagsOf)) if (flag.choices !== undefined) found.set(flag.name, flag.choices);
  return [...found];
}
