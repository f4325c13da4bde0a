import type { ServerFact, ServerInfo } from '@detent/core';
import type { Link } from './link.ts';

const OLDEST = 6;

/** What `doctor` shows. */
export function describeServer({ version, topology, hasTransactions, again }: Link): ServerInfo {
  const facts: ServerFact[] = [
    Number.parseInt(version, 10) >= OLDEST
      ? { name: 'version', value: version, level: 'ok' }
      : { name: 'version', value: version, level: 'warn', hint: `Detent is made for MongoDB ${OLDEST} and later.` },
    hasTransactions
      ? { name: 'deployment', value: topology, level: 'ok' }
      : { name: 'deployment', value: 'standalone, without transactions', level: 'warn', hint: STANDALONE },
    {
      name: 'signs of life',
      value: again === null ? 'from this thread, by the client that was given' : 'from a thread of their own',
      level: 'ok',
    },
  ];
  return { product: 'MongoDB', version, facts };
}

export const STANDALONE =
  'A standalone server has no transactions: a run that dies in a step leaves its part of it, so steps must be idempotent. A replica set of one member has them.';
