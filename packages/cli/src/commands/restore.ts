import { resolve } from 'node:path';
import { readManifest } from '@detent/core/backup';
import { moment } from '@detent/core/render';
import { confirmed } from '../confirm.ts';
import type { ExitCode, Invocation } from '../io.ts';
import { maintain } from '../maintenance.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, signal, folder } = invocation;
  const path = resolve(folder, args[0] ?? '');
  const into = flags.values.get('into');
  return maintain(invocation, async ({ executor, configuration }) => {
    const { target } = executor.settings.adapter;
    const isAside = typeof into === 'string';
    const swap = flags.values.has('swap');
    if (isAside && !swap) return executor.restore({ path, into, signal });
    const backup = `the backup of ${moment((await readManifest(path)).createdAt)}`;
    const what = isAside
      ? `This lets ${backup} take the place of ${target}, which is called ${into} from then on.`
      : `This puts ${target} back to ${backup}; what was written since is lost.`;
    await confirmed(invocation, { what, care: 'name', target, environment: configuration.environment });
    return executor.restore({ path, ...(isAside ? { into } : {}), swap, signal });
  });
}
