import { DetentError } from '@detent/core';
import { canAsk, type Invocation } from './io.ts';

/** `yes`: said, or given by --yes. `name`: the database's name is typed, or given by --confirm. */
export type Care = 'yes' | 'name';

/** What is about to happen, as a sentence that ends with a dot. */
export interface Danger {
  readonly what: string;
  readonly care: Care;
  /** `DatabaseAdapter.target`. */
  readonly target: string;
  readonly environment: string | null;
}

/** Lets a person think before something that cannot be taken back. Throws `CONFIRM` when it is not confirmed. */
export async function confirmed(invocation: Invocation, { what, care, target, environment }: Danger): Promise<void> {
  const { values } = invocation.flags;
  const name = databaseName(target);
  const wanted: Care = isProduction(environment) ? 'name' : care;
  const given = values.get('confirm');
  if (typeof given === 'string') {
    if (given === name || given === target) return;
    throw new DetentError('CONFIRM', `${what} --confirm names another database than "${name}".`, {
      hint: `If "${name}" is meant, pass --confirm ${name}.`,
    });
  }
  if (wanted === 'yes' && values.has('yes')) return;
  if (!canAsk(invocation)) {
    const flag = wanted === 'yes' ? '--yes' : `--confirm ${name}`;
    throw new DetentError('CONFIRM', `${what} That has to be confirmed, and there is nobody to ask.`, {
      hint: `If it is meant, pass ${flag}.`,
    });
  }
  if (!(await ask(what, wanted, name))) throw new DetentError('CONFIRM', 'It was not confirmed; nothing was done.');
}

async function ask(what: string, care: Care, name: string): Promise<boolean> {
  const { confirm, isCancel, text } = await import('@clack/prompts');
  if (care === 'yes') return (await confirm({ message: `${what} Go on?`, initialValue: false })) === true;
  const answer = await text({ message: `${what} Type ${name} to go on.` });
  return !isCancel(answer) && answer === name;
}

/** The last part of where it is: `app.db` of `sqlite:data/app.db`, `shop` of `postgres://host/shop`. */
function databaseName(target: string): string {
  const last =
    target
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? target;
  return last.replace(/^[a-z][a-z0-9+.-]+:/i, '');
}

function isProduction(environment: string | null): boolean {
  return environment !== null && /^(prod|live)/i.test(environment);
}
