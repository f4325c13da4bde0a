import type { DetentError } from '../errors.ts';
import type { StepInfo } from '../events.ts';
import { exitCodeOf, type MigrationResult } from '../result.ts';
import { codeFrame } from './code-frame.ts';
import type { Screen } from './screen.ts';
import { exitMeaning, stateAfterFailure } from './state.ts';
import { harmless, labelled, wrap } from './text.ts';

/** How a file below the migrations folder is shown, so that a terminal or an editor can open it. */
export type ShowFile = (file: string) => string;

const LABEL = 'Rolled back'.length;

/** One error: where, what, and what to do about it. */
export function describeError(screen: Screen, error: DetentError, showFile: ShowFile): string {
  const { marks, paint } = screen;
  const { place, statement } = error.facts;
  const [head = '', ...more] = wrap(harmless(error.message), screen.columns - 4);
  let text = `${paint('bad', marks.failed)} ${paint('strong', head)}\n${more.map((line) => `  ${paint('strong', line)}\n`).join('')}`;
  if (place !== undefined) {
    const where = [showFile(place.file), place.line, place.column].filter((part) => part !== undefined).join(':');
    text += `\n  ${paint('accent', where)}\n`;
    if (statement !== undefined && statement !== '') text += `${codeFrame(screen, error.facts)}\n`;
  }
  return text + (error.hint === undefined ? '' : labelled(screen, 'Hint', harmless(error.hint), 4, 'warn'));
}

/** A run that did not succeed: every error, what was rolled back and how, and where the database stands. */
export function describeFailure(screen: Screen, result: MigrationResult, restored: boolean, showFile: ShowFile): string {
  const { errors } = result;
  const parts = errors.map((error) => describeError(screen, error, showFile));
  const back = rolledBack(result, restored);
  const code = exitCodeOf(result);
  const facts = [
    ...(back.length === 0 ? [] : [['Rolled back', back.join('\n')] as const]),
    ...(result.backup?.kept === true ? [['Backup', result.backup.path] as const] : []),
    ['Database', stateAfterFailure(result)] as const,
    ['Exit code', `${code}: ${exitMeaning(code)} (${errors[0]?.code ?? 'INTERNAL'})`] as const,
  ];
  return `${parts.join('\n')}\n${facts.map(([label, text]) => labelled(screen, label, text, LABEL)).join('')}`;
}

function rolledBack({ failed, rolledBack: undone, errors }: MigrationResult, restored: boolean): string[] {
  const way = restored ? 'by restoring the backup' : errors[0]?.code === 'TRANSACTION_ENDED' ? 'by its way back' : 'by its `down`';
  const lines: string[] = [];
  if (failed?.undone === true) lines.push(`${failed.file}, by its own transaction`);
  const others = undone.filter(({ id }) => !(failed?.undone === true && failed.id === id));
  for (const step of others) lines.push(`${step.file}, ${opposite(step, way, restored)}`);
  return lines;
}

function opposite(step: StepInfo, way: string, restored: boolean): string {
  return !restored && step.direction === 'down' ? 'by its `up`' : way;
}
