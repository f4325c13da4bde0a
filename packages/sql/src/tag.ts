import { misuse, type SqlIdentifier, type SqlTag } from '@detent/core';
import type { Dialect } from './dialect.ts';
import { quoteIdent } from './quote.ts';

type Run = (text: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** Only what `sql.id` made is an identifier; a value that merely looks like one is bound. */
const identifiers = new WeakSet<object>();

/** The `sql` tag of a session: values bound by the dialect's placeholders, identifiers quoted in the text. */
export function sqlTag(dialect: Dialect, run: Run): SqlTag {
  // The rows have the shape that the caller says they have; nothing here can know it.
  const tag = (strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<never> =>
    run(...render(dialect, strings, values)) as Promise<never>;
  return Object.assign(tag, { id: makeIdentifier });
}

function makeIdentifier(...names: readonly string[]): SqlIdentifier {
  const identifier = Object.freeze({ kind: 'identifier', names: Object.freeze([...names]) } as const);
  identifiers.add(identifier);
  return identifier;
}

function isIdentifier(value: unknown): value is SqlIdentifier {
  return typeof value === 'object' && value !== null && identifiers.has(value);
}

function render(dialect: Dialect, strings: TemplateStringsArray, values: readonly unknown[]): [string, unknown[]] {
  const bound: unknown[] = [];
  let text = strings[0] ?? '';
  values.forEach((value, index) => {
    if (isIdentifier(value)) text += quoteIdent(dialect, ...value.names);
    else if (value === undefined) {
      throw misuse(`Value ${index + 1} of the sql tag is undefined.`, 'Pass null where you mean NULL.');
    } else {
      bound.push(value);
      text += dialect.placeholder === 'question' ? '?' : `$${bound.length}`;
    }
    text += strings[index + 1] ?? '';
  });
  return [text, bound];
}
