import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './link.ts';
import { valueOf, type Wire } from './wire.ts';

export type Outcome = 'committed' | 'rolled-back' | 'unknown';

/** How long a session whose client is gone is waited for, and how long for one answer about it. */
const PATIENCE_MS = 15_000;
const ANSWER_MS = 3_000;

/**
 * How a transaction ended whose answer was lost, asked for on another connection: `proof` counts what it wrote last. A
 * session that has not noticed yet that its client is gone may be about to commit, so it is ended first.
 */
export async function outcomeOf(link: Link, proof: string | null): Promise<Outcome> {
  const id = link.known()?.id;
  if (proof === null || id === undefined || !link.hasBeside) return 'unknown';
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    const wire = await link.beside();
    if (wire === null) continue;
    const answer = await Promise.race([
      ask(wire, id, proof).catch(() => 'not yet' as const),
      sleep(ANSWER_MS, 'silence' as const, { ref: false }),
    ]);
    // What broke one connection may have broken this one without a word.
    if (answer === 'silence') await wire.close(true);
    else if (answer !== 'not yet') return answer;
  }
  return 'unknown';
}

async function ask(wire: Wire, id: number, proof: string): Promise<Outcome | 'not yet'> {
  const [sessions] = await wire.run(`SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ${id}`);
  if (valueOf(sessions) !== '0') {
    await wire.run(`KILL ${id}`);
    return 'not yet';
  }
  return valueOf((await wire.run(proof))[0]) === '0' ? 'rolled-back' : 'committed';
}
