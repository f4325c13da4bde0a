import { judge, type Goal } from './goal.ts';
import type { Result } from './race.ts';
import { median, medianMs, medianOf, ratios } from './statistics.ts';

/** One table, in which the first contestant is the floor. */
export interface Section {
  readonly title: string;
  readonly results: readonly Result[];
  readonly goals: readonly Goal[];
}

export function render({ title, results, goals }: Section): string {
  const [floor] = results;
  const rows = results.map((result) => {
    const times = result.samples.map(({ ms }) => ms);
    const over = floor === undefined ? [] : ratios(result, floor);
    return [
      result.name,
      medianMs(result).toFixed(0),
      `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`,
      median(over).toFixed(2),
      `${Math.min(...over).toFixed(2)}–${Math.max(...over).toFixed(2)}`,
      medianOf(result, 'cpuMs')?.toFixed(0) ?? '',
      medianOf(result, 'maxRssMb')?.toFixed(0) ?? '',
    ];
  });
  const head = ['', 'median ms', 'min–max', '× floor', 'min–max', 'CPU ms', 'peak MB'];
  const verdicts = goals
    .map((goal) => judge(goal, results))
    .map(({ isMet, text }) => `- ${isMet ? 'met' : '**missed**'}: ${text}`);
  return [`### ${title}`, '', markdownTable(head, rows), '', ...(verdicts.length > 0 ? [...verdicts, ''] : [])].join(
    '\n',
  );
}

/** The first column is text, the others are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
