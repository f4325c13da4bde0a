import { didYouMean, type DetentError, type Directives } from '@detent/core';
import { DESTRUCTIONS } from './destroys.ts';
import type { CommentUse } from './splitter.ts';

/** What a comment says to Detent. */
export type Directive =
  | { readonly kind: 'section'; readonly direction: 'up' | 'down'; readonly directives: Directives }
  | { readonly kind: 'settings'; readonly directives: Directives }
  | { readonly kind: 'statement'; readonly edge: 'begin' | 'end' };

const COMMENT = /^(?:--+|#+)\s*(detent:|\+goose\b|migrate:(?=(?:up|down)\b))\s*(.*?)\s*$/i;
const NAMES = ['up', 'down', 'transaction', 'timeout', 'idempotent', 'allow'];

/** How the splitter treats a comment; cheap, as it is asked for every one. */
export function useOf(comment: string, ownLine: boolean): CommentUse {
  const [, dialect, rest = ''] = COMMENT.exec(comment) ?? [];
  if (dialect === undefined) return 'skip';
  if (dialect.toLowerCase() === 'detent:') return ownLine && /^(up|down)$/i.test(rest) ? 'cut' : 'report';
  if (!ownLine) return 'skip';
  if (dialect.toLowerCase() === 'migrate:' || /^(up|down)$/i.test(rest)) return 'cut';
  if (/^StatementBegin$/i.test(rest)) return 'open';
  return /^StatementEnd$/i.test(rest) ? 'close' : 'report';
}

/** Reads a comment that `useOf` did not skip. `fail` makes the error, with its place. */
export function readDirective(comment: string, ownLine: boolean, fail: Fail): Directive {
  const [, dialect = '', rest = ''] = COMMENT.exec(comment) ?? [];
  switch (dialect.toLowerCase()) {
    case 'detent:':
      return readOwn(rest, ownLine, fail);
    case 'migrate:':
      return readDbmate(rest, fail);
    default:
      return readGoose(rest, fail);
  }
}

export type Fail = (message: string, hint: string) => DetentError;

function readOwn(rest: string, ownLine: boolean, fail: Fail): Directive {
  const [name = '', ...values] = rest.split(/\s+/);
  const text = values.join(' ');
  switch (name.toLowerCase()) {
    case 'up':
    case 'down':
      if (text !== '' || !ownLine)
        throw fail(
          `detent:${name} takes nothing behind it and stands on a line of its own.`,
          `Write "-- detent:${name}".`,
        );
      return { kind: 'section', direction: name.toLowerCase() === 'up' ? 'up' : 'down', directives: {} };
    case 'transaction':
      if (text !== 'none' && text !== 'each') {
        throw fail(
          `detent:transaction is "${text}"${didYouMean(text, ['none', 'each']) || '.'}`,
          'Write "-- detent:transaction none" or "-- detent:transaction each".',
        );
      }
      return { kind: 'settings', directives: { transaction: text } };
    case 'timeout':
      return { kind: 'settings', directives: readTimeouts(values, fail) };
    case 'idempotent':
      if (text !== '')
        throw fail(
          `detent:idempotent takes nothing behind it, and "${text}" is there.`,
          'Write "-- detent:idempotent".',
        );
      return { kind: 'settings', directives: { idempotent: true } };
    case 'allow':
      return { kind: 'settings', directives: { allow: readAllowed(text, fail) } };
    default:
      throw fail(
        `"detent:${name}" is no directive${didYouMean(name, NAMES) || '.'}`,
        `The directives are ${NAMES.map((known) => `detent:${known}`).join(', ')}.`,
      );
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

function readTimeouts(values: readonly string[], fail: Fail): Directives {
  const hint = 'Write e.g. "-- detent:timeout lock=3s statement=0"; 0 is no limit, units are ms, s, m and h.';
  if (values.length === 0) throw fail('detent:timeout says no time.', hint);
  const found: { lockTimeoutMs?: number; statementTimeoutMs?: number } = {};
  for (const value of values) {
    const [, name = '', amount = '', unit = ''] = /^(\w+)=(\d+(?:\.\d+)?)(\w*)$/.exec(value) ?? [];
    const factor = amount === '0' && unit === '' ? 0 : UNITS[unit.toLowerCase()];
    if (factor === undefined) throw fail(`detent:timeout cannot read "${value}".`, hint);
    const ms = Math.round(Number(amount) * factor);
    if (name === 'lock') found.lockTimeoutMs = ms;
    else if (name === 'statement') found.statementTimeoutMs = ms;
    else throw fail(`detent:timeout knows no "${name}"${didYouMean(name, ['lock', 'statement']) || '.'}`, hint);
  }
  return found;
}

function readAllowed(text: string, fail: Fail): readonly string[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const hint = `Choose from ${DESTRUCTIONS.join(', ')}.`;
  if (names.length === 0) throw fail('detent:allow names nothing.', hint);
  for (const name of names) {
    if (!DESTRUCTIONS.some((known) => known === name))
      throw fail(`detent:allow knows no "${name}"${didYouMean(name, DESTRUCTIONS) || '.'}`, hint);
  }
  return names;
}

function readGoose(rest: string, fail: Fail): Directive {
  switch (rest.toLowerCase().replaceAll(/\s+/g, ' ')) {
    case 'up':
    case 'down':
      return { kind: 'section', direction: rest.toLowerCase() === 'up' ? 'up' : 'down', directives: {} };
    case 'statementbegin':
      return { kind: 'statement', edge: 'begin' };
    case 'statementend':
      return { kind: 'statement', edge: 'end' };
    case 'no transaction':
      return { kind: 'settings', directives: { transaction: 'none' } };
    default:
      throw fail(
        `"+goose ${rest}" is not understood${didYouMean(rest, ['Up', 'Down', 'StatementBegin', 'StatementEnd', 'NO TRANSACTION']) || '.'}`,
        'Understood are +goose Up, Down, StatementBegin, StatementEnd and NO TRANSACTION.',
      );
  }
}

function readDbmate(rest: string, fail: Fail): Directive {
  const [direction = '', ...options] = rest.split(/\s+/);
  for (const option of options) {
    if (!/^transaction:(true|false)$/i.test(option)) {
      throw fail(
        `"migrate:${direction}" does not know "${option}".`,
        'It knows transaction:false and transaction:true.',
      );
    }
  }
  const none = options.some((option) => option.toLowerCase() === 'transaction:false');
  return {
    kind: 'section',
    direction: direction.toLowerCase() === 'up' ? 'up' : 'down',
    directives: none ? { transaction: 'none' } : {},
  };
}
