import { inVersionOf } from './consumer.ts';
import { describeInstalled, OF_NEST } from './hosts/installed.ts';

const [EXPRESS, NEST, NEST_11, VITE] = [
  'packages/integrations/express',
  'packages/integrations/nest',
  'tests/hosts/nest-11',
  'packages/integrations/vite',
];
const nest = (member: string): readonly string[] =>
  [...OF_NEST, 'reflect-metadata', 'rxjs'].map((name) => inVersionOf(member, name));

describeInstalled({
  name: 'Express 5, Nest 12 and Vite 8',
  type: 'module',
  others: [inVersionOf(EXPRESS, 'express'), ...nest(NEST), inVersionOf(VITE, 'vite')],
});

describeInstalled({
  name: 'Express 4, Nest 11 and Vite 7, from CommonJS',
  type: 'commonjs',
  others: [inVersionOf(EXPRESS, 'express-4'), ...nest(NEST_11), inVersionOf(VITE, 'vite-7')],
});
