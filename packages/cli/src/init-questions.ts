import type { RollbackStrategy } from '@detent/core';
import { adapterNameOf } from './config/adapters.ts';

export interface Setup {
  readonly url: string;
  readonly migrations: string;
  readonly rollback: RollbackStrategy;
}

/** Asks for what was not given; `null` when the person leaves. */
export async function askForSetup(given: Partial<Setup>, defaults: Setup): Promise<Setup | null> {
  const { intro, isCancel, select, text } = await import('@clack/prompts');
  intro('detent');
  const url =
    given.url ??
    (await text({
      message: 'Which database?',
      placeholder: defaults.url,
      defaultValue: defaults.url,
      validate: (value) =>
        value === undefined || value === '' || adapterNameOf(value) !== null
          ? undefined
          : 'Write sqlite:app.db, postgres://…, mysql://… or mongodb://…',
    }));
  if (isCancel(url)) return null;
  const migrations =
    given.migrations ??
    (await text({
      message: 'Where are the migrations?',
      placeholder: defaults.migrations,
      defaultValue: defaults.migrations,
    }));
  if (isCancel(migrations)) return null;
  const rollback =
    given.rollback ??
    (await select<RollbackStrategy>({
      message: 'What is to happen when a run fails?',
      initialValue: defaults.rollback,
      options: [
        { value: 'none', label: 'none    what succeeded stays; costs nothing' },
        { value: 'down', label: 'down    undone by `down`; every migration needs one' },
        { value: 'backup', label: 'backup  a backup before each run; costs its time and space' },
        { value: 'both', label: 'both    by `down`, proven, else by backup; the safest and the dearest' },
      ],
    }));
  return isCancel(rollback) ? null : { url, migrations, rollback };
}
