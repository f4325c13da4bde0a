import { setTimeout as sleep } from 'node:timers/promises';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** Orchestrators kill after 10 s or more; what could not be undone until then, the next start undoes. */
const PATIENCE_MS = 8_000;

/**
 * Until it is disposed, a signal that would end the process waits for `stop`. Where the application listens to that
 * signal too, it ends the process itself. A second signal does not wait.
 */
export function stopOnSignals(stop: () => Promise<void>): Disposable {
  const listeners = SIGNALS.map((signal) => [signal, () => void onSignal(signal)] as const);
  const remove = (): void => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    remove();
    await Promise.race([stop().catch(() => undefined), sleep(PATIENCE_MS, undefined, { ref: false })]);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return { [Symbol.dispose]: remove };
}
