import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { valueOf } from './wire.ts';

/** Looks from a second connection whether the server is still at what it was asked. */
export interface SilenceWatch {
  /** Looks at once, and more often: the server was told to stop. */
  hurry(): void;
  stop(): void;
}

const EVERY_MS = 2_000;
const HURRIED_MS = 200;
/** So often it says that it has nothing to do before it is believed: its answer may be on its way. */
const BELIEVED = 3;

/**
 * Gives the connection up where an answer is awaited that will not come: one that got lost, or that of a message of several
 * statements. Told to stop between two of them, a server drops the others without a word.
 */
export function watchSilence(link: Link): SilenceWatch {
  const id = link.known()?.id;
  let times = 0;
  let looking = false;
  let isOver = id === undefined || !link.hasBeside;
  const look = async (): Promise<void> => {
    if (looking || isOver) return;
    looking = true;
    const isIdle = await saysIdle(link, id);
    looking = false;
    times = isIdle ? times + 1 : 0;
    if (times >= BELIEVED && !isOver) link.wire.giveUp();
  };
  const every = (ms: number): NodeJS.Timeout => setInterval(() => void look(), ms).unref();
  let timer = isOver ? undefined : every(EVERY_MS);
  return {
    hurry() {
      clearInterval(timer);
      if (!isOver) timer = every(HURRIED_MS);
    },
    stop() {
      isOver = true;
      clearInterval(timer);
    },
  };
}

/** By its lock the session is known: behind a proxy the second connection may lead to another server, with numbers of its own. */
async function saysIdle(link: Link, id: number | undefined): Promise<boolean> {
  try {
    const { lockName } = await link.books();
    const wire = await link.beside();
    const question = `SELECT COMMAND FROM information_schema.PROCESSLIST WHERE ID = ${id} AND IS_USED_LOCK(${literal(lockName)}) = ${id}`;
    return valueOf((await wire?.run(question))?.[0]) === 'Sleep';
  } catch {
    return false;
  }
}
