import { setTimeout as sleep } from 'node:timers/promises';
import { valueOf, type Link } from './link.ts';

export type Outcome = 'committed' | 'rolled-back' | 'unknown';

function endSql(xid: string): string {
  return `SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE backend_xid = (${xid} % 4294967296)::text::xid`;
}

/** How long a session whose client is gone is waited for. */
const PATIENCE_MS = 15_000;
const ANSWER_MS = 3_000;

/**
 * How a transaction ended whose answer was lost, asked for on another connection. One that is still in progress belongs to
 * a session that has not noticed yet that its client is gone; it is ended, so that the answer stays true.
 */
export async function outcomeOf(link: Link, xid: string | null): Promise<Outcome> {
  if (xid === null || !link.hasBeside) return 'unknown';
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    const wire = await link.beside();
    if (wire === null) continue;
    try {
      const answers = await Promise.race([
        wire.run(`SELECT txid_status(${xid})`),
        sleep(ANSWER_MS, undefined, { ref: false }),
      ]);
      // What broke one connection may have broken this one without a word.
      if (answers === undefined) {
        await wire.close(true);
        continue;
      }
      const status = valueOf(answers[0]);
      if (status === 'committed') return 'committed';
      if (status === 'aborted') return 'rolled-back';
      if (status !== 'in progress') return 'unknown';
      await wire.run(endSql(xid));
    } catch {
      // It broke too; the next round opens another.
    }
  }
  return 'unknown';
}
