// `pnpm test`: every check there is, in order, one line each; the last line is `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { readNotRun, tally, type Tally, type VitestReport } from './report.ts';
import { cache, root } from './workspace.ts';

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** Not run when that stage failed. */
  readonly needs?: string;
  /** Where vitest writes its report: the tests count one by one instead of the stage as a whole. */
  readonly report?: string;
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
});

const notRunFile = join(cache, 'not-run.jsonl');
const report = join(cache, 'vitest.json');

const vitest: Stage = {
  name: 'tests',
  command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  report,
};
const format: Stage = { name: 'format', command: ['pnpm', 'format:check'] };
const lint: Stage = { name: 'lint', command: ['pnpm', 'lint'] };
const types: Stage = { name: 'types', command: ['pnpm', 'check:types'] };
const full: readonly Stage[] = [
  format,
  lint,
  types,
  { name: 'build', command: ['pnpm', 'build'] },
  // It loads the configurations of the examples, and they load what is built.
  { name: 'knip', command: ['pnpm', 'knip'], needs: 'build' },
  { name: 'packages', command: ['pnpm', 'check:packages'], needs: 'build' },
  vitest,
];
const stages = flags.quick ? [format, lint, types, vitest] : full;

const env = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
  // pnpm has just checked; each stage need not.
  pnpm_config_verify_deps_before_run: 'false',
  TEST_NOT_RUN_FILE: notRunFile,
  ...(flags.long ? { DETENT_TEST_LONG: '1' } : {}),
  ...(flags.quick ? { DETENT_TEST_QUICK: '1' } : {}),
};

function start(command: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((settle) => {
    const [file = '', ...args] = command;
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (flags.verbose) process.stdout.write(text);
      });
    }
    child.on('error', (error) => settle({ status: 1, output: `${output}${error.message}\n` }));
    child.on('close', (status, signal) =>
      settle({ status: status ?? 1, output: signal ? `${output}ended by ${signal}\n` : output }),
    );
  });
}

mkdirSync(cache, { recursive: true });
rmSync(notRunFile, { force: true });

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const failed = new Set<string>();
const began = performance.now();

function add(more: Tally): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}

for (const stage of stages) {
  process.stdout.write(flags.verbose ? `── ${stage.name}\n` : stage.name.padEnd(10));
  if (stage.needs !== undefined && failed.has(stage.needs)) {
    add({ passed: 0, failed: 0, skipped: 1 });
    console.log(`skipped, ${stage.needs} failed`);
    continue;
  }
  if (stage.report !== undefined) rmSync(stage.report, { force: true });
  const from = performance.now();
  const { status, output } = await start(stage.command);
  const seconds = `${((performance.now() - from) / 1000).toFixed(1)} s`;

  let counts: Tally = { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  if (stage.report !== undefined && existsSync(stage.report)) {
    counts = tally(JSON.parse(readFileSync(stage.report, 'utf8')) as VitestReport, status);
  }
  add(counts);
  const ok = counts.failed === 0 && status === 0;
  if (!ok) failed.add(stage.name);
  const tests =
    stage.report === undefined ? '' : `   ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
  console.log(
    `${flags.verbose ? stage.name.padEnd(10) : ''}${ok ? 'ok    ' : 'FAILED'} ${seconds.padStart(8)}${tests}`,
  );
  if (!ok && !flags.verbose) console.log(`\n${output.trimEnd()}\n`);
}

const notRun = readNotRun(notRunFile);
if (notRun.length > 0) {
  console.log('\nNOT RUN');
  for (const { suite, reason, required } of notRun) {
    const fails = required && process.env['CI'] === 'true';
    if (fails) total.failed += 1;
    console.log(`  ${suite}: ${reason}${fails ? ' (required here)' : ''}`);
  }
}

console.log(
  `\n${((performance.now() - began) / 1000).toFixed(0)} s on Node ${process.versions.node}, in ${relative(process.cwd(), root) || '.'}`,
);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
