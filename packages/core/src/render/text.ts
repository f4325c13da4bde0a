import type { Screen } from './screen.ts';

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ZERO = /\p{Mn}|\u200d|\ufe0f/u;

/** Columns that a text takes in a terminal. It has no colours yet. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** At most `width` columns, with the mark for "more" where something was cut. */
export function cut(text: string, width: number, more: string): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = widthOf(more);
  for (const character of text) {
    used += widthOf(character);
    if (used > width) break;
    kept += character;
  }
  return kept + more;
}

/** Breaks between words; a word that is too long stays whole, and so does a command in backticks, to be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of wordsOf(paragraph, width)) {
      if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** A command is one word, unless no line has room for it. */
function wordsOf(text: string, width: number): readonly string[] {
  const words: string[] = [];
  let command: string | null = null;
  for (const word of text.split(' ')) {
    command = command === null ? word : `${command} ${word}`;
    if (command.split('`').length % 2 === 0) continue;
    words.push(...(widthOf(command) > width ? command.split(' ') : [command]));
    command = null;
  }
  return command === null ? words : [...words, ...command.split(' ')];
}

/** Errors of drivers and of scripts may quote a URL; its password is taken out wherever it stands. */
export function withoutPasswords(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s"]+@/gi, '$1:***@');
}

/** Text from a server or a file, which may neither steer the terminal nor show a password. Tabs become spaces. */
export function harmless(text: string): string {
  const even = withoutPasswords(text).replaceAll('\t', '  ').replace(/\r\n?/g, '\n');
  return even.replace(/\p{Cc}/gu, (character) => (character === '\n' ? character : '\ufffd'));
}

export function milliseconds(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ''}`;
}

/** `1 migration`, `1,024 migrations`. */
export function counted(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

export function grouped(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** In the local time zone: `2023-11-02 00:36:07`. */
export function moment(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `label  text`, the text wrapped and hanging under itself. */
export function labelled(
  screen: Screen,
  label: string,
  text: string,
  labelWidth: number,
  tone: 'warn' | 'faint' | 'accent' = 'faint',
): string {
  const indent = '  ';
  const lines = wrap(text, Math.max(20, screen.columns - indent.length - labelWidth - 2));
  const first = `${indent}${screen.paint(tone, padEnd(label, labelWidth))}  ${lines[0] ?? ''}\n`;
  const rest = lines.slice(1).map((line) => `${indent}${' '.repeat(labelWidth)}  ${line}\n`);
  return first + rest.join('');
}

/** What a migration in this file is made of, as its parts are counted. */
export function partsOf(file: string): 'stage' | 'statement' {
  return /\.[cm]?[jt]s$/i.test(file) ? 'stage' : 'statement';
}
