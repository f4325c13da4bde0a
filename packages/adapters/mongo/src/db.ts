import { DetentError } from '@detent/core';
import type { Db } from 'mongodb';
import { lockLost } from './errors.ts';
import type { Link } from './link.ts';
import { targetOf } from './touched.ts';

type Method = (...args: unknown[]) => unknown;

/** What reads or writes documents, and where among its arguments the options are. */
const OF_COLLECTION: Readonly<Record<string, number>> = {
  insertOne: 1,
  insertMany: 1,
  bulkWrite: 1,
  updateOne: 2,
  updateMany: 2,
  replaceOne: 2,
  deleteOne: 1,
  deleteMany: 1,
  findOneAndDelete: 1,
  findOneAndReplace: 2,
  findOneAndUpdate: 2,
  find: 1,
  findOne: 1,
  aggregate: 1,
  countDocuments: 1,
  distinct: 2,
  initializeOrderedBulkOp: 0,
  initializeUnorderedBulkOp: 0,
};

/** Before options that are given although these were not. */
const FILLERS: Readonly<Record<string, unknown>> = {
  find: {},
  findOne: {},
  countDocuments: {},
  distinct: {},
  aggregate: [],
};

const OF_DB: Readonly<Record<string, number>> = { command: 1, aggregate: 1 };

/** Neither asks the server anything. */
const HARMLESS: ReadonlySet<string> = new Set(['collection', 'withReadConcern', 'withWriteConcern']);

/** Commands that a transaction takes. */
const DATA_COMMANDS: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'delete',
  'find',
  'findandmodify',
  'aggregate',
  'distinct',
]);

/**
 * The database as migrations get it: the driver's own, except that what it does while Detent's transaction is open is
 * part of that, and that nothing goes out once the lock may be lost.
 */
export function guardedDb(link: Link): Db {
  const guard = (thing: object, methods: Readonly<Record<string, number>>): object =>
    new Proxy(thing, {
      get(target, key): unknown {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function' || typeof key !== 'string' || key === 'constructor') return value;
        const method = value.bind(target) as Method;
        if (key === 'collection') return (...args: unknown[]) => guard(method(...args) as object, OF_COLLECTION);
        if (HARMLESS.has(key)) return method;
        return (...args: unknown[]) => {
          link.check();
          link.mayWrite();
          for (const name of writtenBy(target, key, args)) link.touched.add(name);
          return translated(method(...inTransaction(key, args, methods)));
        };
      },
    });

  const inTransaction = (key: string, args: unknown[], methods: Readonly<Record<string, number>>): unknown[] => {
    const session = link.inTransaction;
    if (session === null) return args;
    const place = methods[key];
    if (place === undefined || (key === 'command' && !DATA_COMMANDS.has(commandOf(args[0])))) throw unfit(key, args);
    const filled = Array.from({ length: Math.max(args.length, place + 1) }, (_, index) =>
      index < place && args[index] === undefined ? FILLERS[key] : args[index],
    );
    filled[place] = { session, ...(filled[place] as object | undefined) };
    return filled;
  };

  /** What fails because the connection was cut with the lock fails for that reason. */
  const translated = (result: unknown): unknown =>
    result instanceof Promise
      ? result.catch((error: unknown) => {
          throw link.isLost ? lockLost() : error;
        })
      : result;

  return guard(link.db, OF_DB) as Db;
}

const READS: ReadonlySet<string> = new Set(['find', 'findOne', 'countDocuments', 'distinct', 'estimatedDocumentCount']);

/** The collections that a call writes to, as far as it says; a command by its second word. */
function writtenBy(target: object, key: string, args: readonly unknown[]): readonly string[] {
  const [first] = args;
  const into = key === 'aggregate' ? targetOf(first) : null;
  if ('collectionName' in target) {
    if (READS.has(key)) return [];
    const renamed = key === 'rename' && typeof first === 'string' ? [first] : [];
    return [String(target.collectionName), ...renamed, ...(into === null ? [] : [into])];
  }
  if (key === 'command' && typeof first === 'object' && first !== null) {
    const named: unknown = Object.values(first)[0];
    return typeof named === 'string' && !['find', 'count', 'distinct'].includes(commandOf(first)) ? [named] : [];
  }
  return typeof first === 'string' ? [first] : [];
}

function commandOf(command: unknown): string {
  return typeof command === 'object' && command !== null ? (Object.keys(command)[0] ?? '').toLowerCase() : '';
}

function unfit(key: string, args: readonly unknown[]): DetentError {
  const name = key === 'command' ? commandOf(args[0]) : key;
  return new DetentError('TRANSACTION_UNFIT', `${name} cannot be part of a transaction of MongoDB.`, {
    hint: 'Put it into a step of its own, of kind "schema", or outside of forEachBatch.',
  });
}
