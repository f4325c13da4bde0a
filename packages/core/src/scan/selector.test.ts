import { expect, test } from 'vitest';
import { entry, file } from '../../test/samples.ts';
import type { MigrationFile } from '../ports/source.ts';
import { matchesApplied } from './selector.ts';

const code = (name: string, text: string): MigrationFile => ({
  ...file('1', text),
  file: name,
  up: { kind: 'code', file: name, module: async () => ({}), source: async () => text },
});

test('a migration applied as TypeScript may be deployed as JavaScript', () => {
  const applied = entry(code('V1_m.ts', 'ts'));
  expect(matchesApplied(applied, code('V1_m.js', 'js'))).toBe('same');
  expect(matchesApplied(applied, code('V1_m.mts', 'edited'))).toBe('different');
});

test('with both forms in the folder an edit of either is seen', () => {
  const twin = { file: 'V1_m.js', checksum: 'js', rawChecksum: 'js' };
  expect(matchesApplied(entry(code('V1_m.js', 'js')), { ...code('V1_m.ts', 'ts'), twin })).toBe('same');
  expect(matchesApplied(entry(code('V1_m.js', 'old')), { ...code('V1_m.ts', 'ts'), twin })).toBe('different');
});
