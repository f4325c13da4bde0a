import { library, type UserConfig } from '../../tsdown.base.ts';

const config: UserConfig = { ...library(), entry: { index: 'src/index.ts', render: 'src/render/index.ts' } };

export default config;
