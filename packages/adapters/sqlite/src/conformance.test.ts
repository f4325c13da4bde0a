import { describeBackupFidelity, describeHistory, describeTransactions } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeHistory(target);
describeTransactions(target);
describeBackupFidelity(target);
