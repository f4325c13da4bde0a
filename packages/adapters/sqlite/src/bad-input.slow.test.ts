import { describeBadInput } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeBadInput(target);
