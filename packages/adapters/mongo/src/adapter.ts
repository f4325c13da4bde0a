import { DetentError, misuse, type DatabaseAdapter } from '@detent/core';
import type { Db } from 'mongodb';
import { connect, shownTarget } from './connect.ts';
import { createLink } from './link.ts';
import { checkOptions, type CheckedOptions, type MongoOptions } from './options.ts';
import { createSession } from './session.ts';
import { STANDALONE } from './server.ts';

/** Throws `CONFIG` for options that are not right; opens nothing. */
export function createAdapter(options: MongoOptions): DatabaseAdapter<Db> {
  return adapterOf(checkOptions(options as unknown as Readonly<Record<string, unknown>>));
}

function adapterOf(checked: CheckedOptions): DatabaseAdapter<Db> {
  const target = shownTarget(checked);
  return {
    name: 'mongo',
    target,
    scriptExtensions: [],
    // The server gives up on a transaction that cannot have a lock by itself, within milliseconds.
    lockTimeoutMs: 0,
    at: (url) => adapterOf(checkOptions({ ...checked.given, url })),
    parse({ file }) {
      throw new DetentError('SCRIPT_SYNTAX', `${file} is a script, and MongoDB's migrations are code.`, {
        hint: 'Write it as .ts or .js, with functions up and down.',
        facts: { place: { file } },
      });
    },
    async open(options) {
      if (options.schema !== null)
        throw misuse(
          'MongoDB keeps the history in the database itself, so there is no schema to choose.',
          'Leave `schema` out.',
        );
      const { connectTimeoutMs: timeoutMs, mayRestore = true } = options;
      // What a run wrote to is known from what it sent.
      const connected = await connect(checked, { timeoutMs, watches: mayRestore && !options.readOnly });
      const link = createLink({ connected, database: checked.database, target, options, compress: checked.gzip });
      if (!link.hasTransactions && !options.readOnly) options.logger.warn(STANDALONE);
      return createSession(link);
    },
  };
}
