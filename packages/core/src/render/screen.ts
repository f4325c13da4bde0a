import { styleText } from 'node:util';

/** What is drawn on, and what it can show. */
export interface Screen {
  /** A terminal whose last line may be drawn again. */
  readonly isLive: boolean;
  /** As wide as lines may be. */
  readonly columns: number;
  readonly marks: Marks;
  readonly write: (text: string) => void;
  readonly paint: (tone: Tone, text: string) => string;
}

/** What a colour says; never the only thing that says it. */
export type Tone = 'good' | 'bad' | 'warn' | 'faint' | 'strong' | 'accent';

export interface Marks {
  readonly done: string;
  readonly failed: string;
  readonly undone: string;
  readonly down: string;
  readonly pending: string;
  readonly running: string;
  readonly warning: string;
  readonly bullet: string;
  readonly bar: string;
  readonly caret: string;
  readonly rule: string;
  readonly dot: string;
  readonly more: string;
}

const UNICODE: Marks = {
  done: '✓',
  failed: '✗',
  undone: '↺',
  down: '↓',
  pending: '○',
  running: '▸',
  warning: '!',
  bullet: '•',
  bar: '│',
  caret: '^',
  rule: '─',
  dot: '·',
  more: '…',
};

const ASCII: Marks = {
  done: '+',
  failed: 'x',
  undone: '<',
  down: '-',
  pending: 'o',
  running: '>',
  warning: '!',
  bullet: '*',
  bar: '|',
  caret: '^',
  rule: '-',
  dot: '-',
  more: '...',
};

const TONES = {
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  faint: 'gray',
  strong: 'bold',
  accent: 'cyan',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** Piped text is not wrapped for a window that nobody has. */
const PIPED_COLUMNS = 120;
const MOST_COLUMNS = 110;

/** Colours by NO_COLOR, FORCE_COLOR and the terminal; marks by TERM and the locale. */
export function screenOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Screen {
  const isDumb = env['TERM'] === 'dumb';
  const isTerminal = stream.isTTY;
  const paintable = !isDumb && styleText('red', 'x', { stream }) !== 'x';
  return {
    isLive: isTerminal && !isDumb,
    // Read each time: a window is resized while a run goes on.
    get columns() {
      return isTerminal ? Math.min(stream.columns || 80, MOST_COLUMNS) : PIPED_COLUMNS;
    },
    marks: isDumb || !speaksUnicode(env) ? ASCII : UNICODE,
    write: (text) => void stream.write(text),
    paint: (tone, text) => (paintable ? styleText(TONES[tone], text, { validateStream: false }) : text),
  };
}

function speaksUnicode(env: NodeJS.ProcessEnv): boolean {
  if (process.platform === 'win32') return env['WT_SESSION'] !== undefined || env['TERM_PROGRAM'] === 'vscode';
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}
