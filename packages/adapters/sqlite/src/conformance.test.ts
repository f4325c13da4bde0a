import { describeConformance } from '@detent/conformance';
import { betterTarget, target } from './fixtures/conformance.ts';

const concerns = ['history', 'transactions', 'run', 'way back', 'backup fidelity'] as const;

describeConformance('node:sqlite', target, { concerns });
describeConformance('better-sqlite3', betterTarget, { concerns });
