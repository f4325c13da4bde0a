import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { markdownTable } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import type { SplitterRow } from '../splitter.ts';

const GOAL_MB_PER_SECOND = 20;

export const splitter: Scenario = {
  name: 'splitter',
  about: 'Cutting a script into statements and classifying them; megabytes of UTF-8, medians inside one process.',
  async run({ rounds, size }) {
    const megabytes = size ?? 100;
    const module = JSON.stringify(join(import.meta.dirname, '..', 'splitter.ts'));
    const code = `import { run } from ${module}; console.log(JSON.stringify(run(${megabytes}, ${rounds})))`;
    const args = ['--expose-gc', '--conditions=source', '--max-old-space-size=8192', '--input-type=module', '-e', code];
    const rows = JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
    ) as SplitterRow[];
    const table = markdownTable(
      ['dialect, file', 'MB', 'statements', 'MB/s', 'heap beyond the file, MB'],
      rows.map((row) =>
        [`${row.dialect}, ${row.file}`, row.mb, row.statements, row.mbPerSecond, row.heapMb].map(String),
      ),
    );
    const slowest = Math.min(...rows.map(({ mbPerSecond }) => mbPerSecond));
    const verdict = `- ${slowest >= GOAL_MB_PER_SECOND ? 'met' : '**missed**'}: at least ${GOAL_MB_PER_SECOND} MB/s: the slowest is ${slowest}`;
    return `### Splitter, ${megabytes} MB\n\n${table}\n\n${verdict}\n`;
  },
};
