import { checkOptions, type Settings } from '@detent/core';
import { cut, padEnd, screenOf } from '@detent/core/render';
import { KEYS } from '../config/keys.ts';
import { resolveConfig, type Configuration } from '../config/resolve.ts';
import { maskUrl } from '../config/secrets.ts';
import { writeDocument, type ExitCode, type Invocation } from '../io.ts';

interface Line {
  readonly key: string;
  readonly value: unknown;
  readonly from: string;
}

/** Connects to nothing. */
export async function run(invocation: Invocation): Promise<ExitCode> {
  const configuration = await resolveConfig(invocation);
  const lines = inForce(configuration, checkOptions(configuration.options));
  for (const warning of configuration.warnings) process.stderr.write(`! ${warning}\n`);
  if (invocation.flags.json) {
    const { file, environment, root } = configuration;
    writeDocument({
      file,
      environment,
      root,
      settings: Object.fromEntries(lines.map(({ key, value, from }) => [key, { value, from }])),
    });
    return 0;
  }
  const { columns, marks, paint, write } = screenOf(process.stdout);
  const width = lines.reduce((most, { key }) => Math.max(most, key.length), 0);
  const values = Math.min(36, columns - width - 30);
  write(`${paint('strong', configuration.file ?? 'No configuration file')}\n\n`);
  for (const { key, value, from } of lines) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const tone = from === 'default' ? 'faint' : 'accent';
    const origin = configuration.file === null ? from : from.replace(configuration.file, 'the file');
    write(
      `  ${padEnd(key, width)}  ${paint(tone, padEnd(cut(text, values, marks.more), values))}  ${paint('faint', origin)}\n`,
    );
  }
  return 0;
}

function inForce({ origins, url, file }: Configuration, settings: Settings): readonly Line[] {
  const from = (path: string): string => origins.get(path) ?? 'default';
  const adapter: Line = {
    key: 'adapter',
    value: `${settings.adapter.name} (${settings.adapter.target})`,
    from: origins.get('adapter') ?? origins.get('url') ?? file ?? 'default',
  };
  const urls: readonly Line[] = url === null ? [] : [{ key: 'url', value: maskUrl(url), from: from('url') }];
  const rest = KEYS.map(({ path }): Line => ({ key: path, value: shown(at(settings, path)), from: from(path) }));
  const names = Object.keys(settings.placeholders ?? {});
  const placeholders: readonly Line[] =
    names.length === 0 ? [] : [{ key: 'placeholders', value: names.join(', '), from: from('placeholders') }];
  const hooks = Object.keys(settings.hooks);
  return [
    adapter,
    ...urls,
    ...rest,
    ...placeholders,
    ...(hooks.length === 0 ? [] : [{ key: 'hooks', value: hooks.join(', '), from: from('hooks') }]),
  ];
}

/** The values of placeholders are left out, because they may be secret; a source of migrations has no text but its name. */
function shown(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : value;
}

function at(settings: Settings, path: string): unknown {
  return (
    path
      .split('.')
      .reduce<unknown>(
        (value, key) =>
          typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
        settings,
      ) ?? null
  );
}
