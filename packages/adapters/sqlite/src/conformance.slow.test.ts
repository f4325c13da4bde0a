import { describeConformance } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeConformance('node:sqlite', target, { concerns: ['strategies', 'recovery', 'bad input'] });
