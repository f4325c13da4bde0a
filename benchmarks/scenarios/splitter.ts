import { execFileSync } from 'node:child_process';
import { markdownTable } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { run as measure, type SplitterRow } from '../splitter.ts';

const GOAL_MB_PER_SECOND = 20;

export const splitter: Scenario = {
  name: 'splitter',
  about: 'Cutting a script into statements and classifying them; megabytes of UTF-8, medians inside one process.',
  async run({ rounds, size }) {
    const megabytes = size ?? 100;
    const flags = ['--expose-gc', '--conditions=source', '--max-old-space-size=8192'];
    const args = [...flags, import.meta.filename, String(megabytes), String(rounds)];
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

// The process that it starts is this file.
if (import.meta.main) console.log(JSON.stringify(measure(Number(process.argv[2]), Number(process.argv[3]))));
