import { setTimeout as sleep } from 'node:timers/promises';
import { NOW } from './bookkeeping.ts';
import { valueOf, type Link } from './link.ts';
import type { Wire } from './wire.ts';

export type Outcome = 'committed' | 'rolled-back' | 'unknown';

/** How long a session whose client is gone is waited for. */
const PATIENCE_MS = 15_000;
const ANSWER_MS = 3_000;

/** By what a transaction is known afterwards: its number, or the record that it was to leave, as a SELECT of its being there. */
export interface Mark {
  readonly xid: string | null;
  readonly proof: string | null;
}

/**
 * How a transaction ended whose answer was lost, asked for on another connection. One that is still in progress belongs to
 * a session that has not noticed yet that its client is gone; it is ended, so that the answer stays true.
 */
export async function outcomeOf(link: Link, { xid, proof }: Mark): Promise<Outcome> {
  const ask = xid !== null ? byNumber(xid) : proof !== null ? byRecord(link, proof) : null;
  if (ask === null || !link.hasBeside) return 'unknown';
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    const wire = await link.beside();
    if (wire === null) continue;
    try {
      const outcome = await Promise.race([ask(wire), sleep(ANSWER_MS, undefined, { ref: false })]);
      // What broke one connection may have broken this one without a word.
      if (outcome === undefined) await wire.close(true);
      else if (outcome !== 'in progress') return outcome;
    } catch {
      // It broke too; the next round opens another.
    }
  }
  return 'unknown';
}

type Ask = (wire: Wire) => Promise<Outcome | 'in progress'>;

function byNumber(xid: string): Ask {
  return async (wire) => {
    const status = valueOf((await wire.run(`SELECT txid_status(${xid})`))[0]);
    if (status === 'committed') return 'committed';
    if (status === 'aborted') return 'rolled-back';
    if (status !== 'in progress') return 'unknown';
    const session = `backend_xid = (${xid} % 4294967296)::text::xid`;
    await wire.run(`SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE ${session}`);
    return 'in progress';
  };
}

/** Nobody has the number of a transaction that went out in one message: what it wrote is there, or never will be once its session is gone. */
function byRecord(link: Link, proof: string): Ask {
  return async (wire) => {
    const { pid, answeredAt } = await link.greeting();
    // Another session that got the same number began later.
    const since = NOW.replace('clock_timestamp()', 'backend_start');
    const own = `pid = ${pid} AND ${since} <= ${answeredAt}`;
    const [there] = await wire.run(`SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE ${own}`);
    if (there === undefined || there.rows.length > 0) return 'in progress';
    return valueOf((await wire.run(proof))[0]) === 't' ? 'committed' : 'rolled-back';
  };
}
