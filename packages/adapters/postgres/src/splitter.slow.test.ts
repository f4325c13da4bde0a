import { postgres as dialect, splitStatements } from '@detent/sql';
import { createPostgresDatabase, postgresServer, type PostgresMajor } from '@detent/tests/servers/postgres';
import { assert, asyncProperty } from 'fast-check';
import { expect, test } from 'vitest';
import { connect } from './connect.ts';
import { SCENERY, scripts } from './fixtures/scripts.ts';
import { figure, sized } from '@detent/tests/size';
import { send } from './message.ts';
import { checkOptions } from './options.ts';
import { Refused, type Wire } from './wire.ts';

const SCRIPTS = sized(1_000, 20_000);

/** What the server completes of a message, by its tags, in a transaction that is taken back; its refusal in words. */
async function completed(
  wire: Wire,
  run: () => Promise<readonly { readonly tag: string }[]>,
): Promise<readonly string[]> {
  await wire.run('BEGIN');
  try {
    return (await run()).map(({ tag }) => tag).filter((tag) => tag !== '');
  } catch (error) {
    if (error instanceof Refused) return [`refused: ${error.message}`];
    throw error;
  } finally {
    await wire.run('ROLLBACK');
  }
}

test.each([
  ['18', 'on', 1],
  ['15', 'on', 0.25],
  ['18', 'off', 0.25],
] as const)(
  'F56 F57 F58 F63 F64 statements are as many as PostgreSQL %s completes, with standard_conforming_strings %s',
  { timeout: 1_800_000 },
  async (major: PostgresMajor, conforming, share) => {
    const server = await postgresServer(major);
    if (server === null) throw new Error(`There is no PostgreSQL ${major} here.`);
    const database = await createPostgresDatabase(server);
    const wire = await connect(checkOptions({ url: database.url }), { timeoutMs: 10_000 });
    const backslashes = conforming === 'off';
    await wire.run(
      [...SCENERY, `SET standard_conforming_strings = ${conforming}`, 'SET client_min_messages = error'].join(';'),
    );
    await wire.run('SET escape_string_warning = off; SET backslash_quote = on');
    let statements = 0;
    const numRuns = Math.round(SCRIPTS * share);
    try {
      await assert(
        asyncProperty(scripts({ backslashes }), async ({ text, served }) => {
          const wanted = await completed(wire, () => wire.run(served));
          const pieces = [...splitStatements(text, { ...dialect, backslashEscapes: backslashes })];
          statements += pieces.length;
          expect({ count: pieces.length, wanted }).toEqual({ count: wanted.length, wanted });
          if (text !== served) return;
          // Each by itself is one command, and they come to the same.
          expect(await completed(wire, () => send(wire, pieces))).toEqual(wanted);
        }),
        { numRuns, seed: 20_231_102, endOnFailure: false },
      );
    } finally {
      await wire.close(true);
      await database.drop();
    }
    figure(
      `splitter on PostgreSQL ${major}, standard_conforming_strings ${conforming}: ${numRuns} scripts, ${statements} statements`,
    );
  },
);
