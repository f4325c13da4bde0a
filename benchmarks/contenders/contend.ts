import { writeSync } from 'node:fs';
import type { Answer, Job, Task } from '../job.ts';

/** Each task gives the `count` of its answer. */
export type Contender<Given extends Job> = Partial<
  Record<Task, (job: Given) => Promise<Answer['count']> | Answer['count']>
>;

/** Does the one job that this process was started for, and answers when all that it began has ended. */
export async function contend<Given extends Job>(contender: Contender<Given>): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as Given;
  const task = contender[job.task];
  if (task === undefined) throw new Error(`This contender does not ${job.task}.`);
  const count = await task(job);
  process.once('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const answer: Answer = { count, cpuMs: (userCPUTime + systemCPUTime) / 1000, maxRssMb: maxRSS / 1024 };
    writeSync(1, JSON.stringify(answer));
  });
}
