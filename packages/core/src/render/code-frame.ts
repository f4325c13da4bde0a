import type { Screen } from './screen.ts';
import { cut, harmless, padStart, widthOf } from './text.ts';

const LINES_BEFORE = 3;
const LINES_AFTER = 2;

/** A statement or a file, and the place in it. */
export interface Excerpt {
  readonly text: string;
  /** The number, in its file, of the line with the place; of the first line where there is no place. */
  readonly line: number;
  /** Counting characters from 0. */
  readonly position: number | null;
}

/** The lines around the place, numbered as in the file, with a caret under the place. */
export function codeFrame(screen: Screen, { text, line, position }: Excerpt): string {
  const { marks, paint } = screen;
  const lines = text.split('\n');
  const before = position === null ? [''] : text.slice(0, position).split('\n');
  const failing = before.length - 1;
  const firstLine = line - failing;
  const from = Math.max(0, failing - LINES_BEFORE);
  const count = lines.at(-1) === '' && failing < lines.length - 1 ? lines.length - 1 : lines.length;
  const to = Math.min(count, failing + LINES_AFTER + 1);
  const numbers = String(firstLine + to - 1).length;
  const room = screen.columns - numbers - 7;
  const drawn: string[] = [];
  for (const [offset, raw] of lines.slice(from, to).entries()) {
    const index = from + offset;
    const isFailing = index === failing && position !== null;
    const number = padStart(String(firstLine + index), numbers);
    const { text: shown, shift } = windowOf(
      harmless(raw),
      isFailing ? widthOf(harmless(before.at(-1) ?? '')) : 0,
      room,
      marks.more,
    );
    drawn.push(
      `    ${paint(isFailing ? 'bad' : 'faint', number)} ${paint('faint', marks.bar)} ${isFailing ? shown : paint('faint', shown)}`,
    );
    if (isFailing)
      drawn.push(
        `    ${' '.repeat(numbers)} ${paint('faint', marks.bar)} ${' '.repeat(shift)}${paint('bad', marks.caret)}`,
      );
  }
  return `${drawn.join('\n')}\n`;
}

/** A line that is too long is shown around its place. */
function windowOf(line: string, at: number, room: number, more: string): { text: string; shift: number } {
  if (widthOf(line) <= room || at < room - 10) return { text: cut(line, room, more), shift: at };
  const start = Math.max(0, at - Math.floor(room / 2));
  return { text: cut(`${more}${line.slice(start)}`, room, more), shift: at - start + more.length };
}
