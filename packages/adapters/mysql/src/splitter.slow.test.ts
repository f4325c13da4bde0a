import { mariadb as dialect, splitStatements } from '@detent/sql';
import { figure, sized } from '@detent/tests/size';
import { assert, asyncProperty } from 'fast-check';
import { expect, test } from 'vitest';
import { connect } from './connect.ts';
import { openPlace } from './fixtures/places.ts';
import { AFRESH, SCENERY, scripts } from './fixtures/scripts.ts';
import { checkOptions } from './options.ts';
import { Refused, type Answer, type Wire } from './wire.ts';

const SCRIPTS = sized(600, 20_000);

/** What the server makes of messages until it refuses one: what each statement came to, and the number of the refusal. */
async function results(wire: Wire, texts: readonly string[]): Promise<readonly string[]> {
  await wire.run(...AFRESH);
  const found: string[] = [];
  const hear = ({ rows, affected }: Answer): void => void found.push(JSON.stringify({ rows, affected }));
  for (const text of texts) {
    try {
      (await wire.run(text)).forEach(hear);
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind === 'lost') throw error;
      error.answers.forEach(hear);
      // Nothing at all between two semicolons, or at the end, is an error in itself.
      return error.failure.code === '1065' ? found : [...found, `refused: ${error.failure.code}`];
    }
  }
  return found;
}

test.each([
  ['', 1],
  ['ANSI_QUOTES', 0.25],
  ['NO_BACKSLASH_ESCAPES', 0.25],
] as const)(
  'F56 F59 F60 F63 F64 statements are those that MariaDB executes, with sql_mode %j',
  { timeout: 1_800_000 },
  async (sqlMode, share) => {
    await using place = await openPlace();
    const wire = await connect(checkOptions({ url: place.database.url }), { timeoutMs: 10_000 });
    await wire.run(...SCENERY, `SET SESSION sql_mode = '${sqlMode}'`, 'SET SESSION max_statement_time = 20');
    const ansiQuotes = sqlMode === 'ANSI_QUOTES';
    const backslashes = sqlMode !== 'NO_BACKSLASH_ESCAPES';
    const read = {
      ...dialect,
      backslashEscapes: backslashes,
      ...(ansiQuotes ? { stringQuotes: "'", identifierQuotes: '`"' } : {}),
    };
    const numRuns = Math.round(SCRIPTS * share);
    let statements = 0;
    let refused = 0;
    try {
      await assert(
        asyncProperty(scripts({ ansiQuotes, backslashes }), async ({ text, served }) => {
          const whole = await results(wire, [served]);
          const pieces = [...splitStatements(text, read)].map((piece) => piece.text);
          const single = await results(wire, pieces);
          statements += pieces.length;
          const isRefused = whole.at(-1)?.startsWith('refused') === true;
          refused += Number(isRefused);
          expect({ text, single }).toEqual({ text, single: whole });
          // Of a script that is refused the rest was not looked at.
          expect({ text, count: isRefused ? whole.length : pieces.length }).toEqual({ text, count: whole.length });
        }),
        { numRuns, seed: 20_231_102, endOnFailure: false },
      );
    } finally {
      await wire.close(true);
    }
    figure(
      `splitter on MariaDB, sql_mode '${sqlMode}': ${numRuns} scripts, ${statements} statements, ${refused} refused`,
    );
  },
);
