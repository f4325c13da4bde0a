// Gives all bad input to Detent in a process of its own, where modules are loaded by Node and nobody else. Its argument
// is the address of the target's module; it says the flaws by name, as JSON.
import type { ConformanceTarget } from '../target.ts';
import { badInputsOf, checkBadInput } from './check.ts';

/** What is not as it is owed, by the name of the input; no flaw is an empty list. */
export type Flaws = Readonly<Record<string, readonly string[]>>;

const { target } = (await import(process.argv[2] ?? '')) as { target: ConformanceTarget };
const flaws: Record<string, readonly string[]> = {};
for (const input of badInputsOf(target)) {
  flaws[input.name] = await checkBadInput(target, input).catch((thrown: unknown) => [
    `the check itself threw ${String(thrown)}`,
  ]);
}
process.stdout.write(`${JSON.stringify(flaws satisfies Flaws)}\n`);
