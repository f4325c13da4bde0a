import { crashAtRandom, crashAtCalls } from './crash-checks.ts';
import { TEN, FEW } from './crash.ts';
const { target } = await import('../../adapters/sqlite/src/conformance-target.ts' as string) as any;
console.log('random 200', JSON.stringify(await crashAtRandom(target, { strategy: 'none', drafts: TEN }, 200, 777)));
const failure = { version: '11', form: 'script', up: [{ kind: 'create', table: 'late' }, { kind: 'refused' }], down: null };
console.log('random restore 60', JSON.stringify(await crashAtRandom(target, { strategy: 'backup', drafts: [...TEN.filter(d=>d.form!=='repeatable'), failure] as any }, 60, 778)));
