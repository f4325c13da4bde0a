import { describeBackupFidelity, describeHistory, describeRuns, describeTransactions } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeHistory(target);
describeTransactions(target);
describeRuns(target);
describeBackupFidelity(target);
