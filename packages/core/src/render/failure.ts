import type { DetentError, Place } from '../errors.ts';
import type { StepInfo } from '../events.ts';
import { exitCodeOf, type MigrationResult } from '../result.ts';
import { codeFrame } from './code-frame.ts';
import type { Screen } from './screen.ts';
import { exitMeaning, stateAfterFailure } from './state.ts';
import { harmless, labelled, wrap } from './text.ts';

/** How a file below the migrations folder is shown, so that a terminal or an editor can open it. */
export type ShowFile = (file: string) => string;

export interface Files {
  readonly showFile: ShowFile;
  readonly readFile: (file: string) => string | null;
}

const LABEL = 'Rolled back'.length;

/** One error: where, what, and what to do about it. */
export function describeError(screen: Screen, error: DetentError, files: Files): string {
  const { marks, paint } = screen;
  const { place } = error.facts;
  const [head = '', ...more] = wrap(harmless(error.message), screen.columns - 4);
  const parts = [
    `${paint('bad', marks.failed)} ${paint('strong', head)}\n${more.map((line) => `  ${paint('strong', line)}\n`).join('')}`,
  ];
  const frame = frameOf(screen, error, files);
  if (place !== undefined && (frame !== null || place.line !== undefined || !error.message.includes(place.file))) {
    parts.push(`  ${paint('accent', placeText(place, files.showFile))}\n`);
  }
  if (frame !== null) parts.push(frame);
  const isSpaced = parts.length > 1;
  if (error.hint !== undefined) parts.push(labelled(screen, 'Hint', harmless(error.hint), 4, 'warn'));
  return parts.join(isSpaced ? '\n' : '');
}

/** The lines around the place of an error: from the statement where there is one, else from the file. */
export function frameOf(
  screen: Screen,
  { facts }: Pick<DetentError, 'facts'>,
  { readFile }: Pick<Files, 'readFile'>,
): string | null {
  const { place, statement, position } = facts;
  if (place?.line === undefined) return null;
  if (statement !== undefined && statement !== '')
    return codeFrame(screen, { text: statement, line: place.line, position: position ?? null });
  const text = readFile(place.file);
  if (text === null || place.column === undefined) return null;
  return codeFrame(screen, { text, line: place.line, position: offsetOf(text, place.line, place.column) });
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let passed = 1; passed < line; passed += 1) at = text.indexOf('\n', at) + 1;
  return at + column - 1;
}

function placeText({ file, line, column }: Place, showFile: ShowFile): string {
  return [showFile(file), line, column].filter((part) => part !== undefined).join(':');
}

/** A run that did not succeed: every error, what was rolled back and how, and where the database stands. */
export function describeFailure(screen: Screen, result: MigrationResult, restored: boolean, files: Files): string {
  const { errors } = result;
  const [first = '', ...later] = errors.map((error) => describeError(screen, error, files));
  const parts =
    later.length === 0 || result.failed === undefined
      ? [first, ...later]
      : [first, `${screen.paint('strong', 'And on the way back:')}\n${later.join('\n')}`];
  const back = rolledBack(result, restored);
  const code = exitCodeOf(result);
  const facts = [
    ...(back.length === 0 ? [] : [['Rolled back', back.join('\n')] as const]),
    ...(result.backup?.kept === true ? [['Backup', result.backup.path] as const] : []),
    ['Database', stateAfterFailure(result)] as const,
    [
      'Exit code',
      `${code} ${errors[0]?.code ?? 'INTERNAL'}: ${exitMeaning(code, result.executed.length > 0)}`,
    ] as const,
  ];
  return `${parts.join('\n')}\n${facts.map(([label, text]) => labelled(screen, label, text, LABEL)).join('')}`;
}

function rolledBack({ failed, rolledBack: undone, errors }: MigrationResult, restored: boolean): string[] {
  const way = restored
    ? 'by restoring the backup'
    : errors[0]?.code === 'TRANSACTION_ENDED'
      ? 'by its way back'
      : 'by its `down`';
  const lines: string[] = [];
  if (failed?.undone === true) lines.push(`${failed.file}, by its own transaction`);
  const others = undone.filter(({ id }) => !(failed?.undone === true && failed.id === id));
  for (const step of others) lines.push(`${step.file}, ${opposite(step, way, restored)}`);
  return lines;
}

function opposite(step: StepInfo, way: string, restored: boolean): string {
  return !restored && step.direction === 'down' ? 'by its `up`' : way;
}
