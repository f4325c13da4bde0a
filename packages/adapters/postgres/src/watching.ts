import { watchBlockers } from './blockers.ts';
import { cancelOn } from './cancel.ts';
import type { Link } from './link.ts';
import type { Part } from './message.ts';
import type { Circumstances } from './statement.ts';
import type { Answer } from './wire.ts';

/** What is to be known of statements that are executed, and whom to tell. */
export interface ExecuteRequest {
  readonly file: string;
  readonly signal: AbortSignal | undefined;
  readonly hear: (answer: Answer, part: Part) => void;
  /** Looks how the statements advance, once they are sent. Gives the way to stop. */
  readonly watch: () => () => void;
}

/** Throws what an error comes to, or takes it for none. */
export type Fail = (thrown: unknown, circumstances: Circumstances) => Promise<void>;

/** Watches over what the server is at: who is in its way, how far it is, and whether it is to stop. */
export async function watching(
  link: Link,
  going: Promise<void>,
  { file, signal, watch }: Pick<ExecuteRequest, 'file' | 'signal' | 'watch'>,
  fail: Fail,
): Promise<void> {
  const blockers = watchBlockers(link);
  const stops = [cancelOn(link, signal), watch(), () => blockers.stop()];
  try {
    await going;
  } catch (thrown) {
    await fail(thrown, { target: link.target, file, blockers: blockers.seen, stopped: signal?.aborted === true });
  } finally {
    for (const stop of stops) stop();
  }
}
