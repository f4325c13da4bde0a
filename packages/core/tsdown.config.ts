import { library, type UserConfig } from '../../tsdown.base.ts';

/** What only a start with something to do needs: loaded then, in one file. */
const LATER =
  /src[\\/](?:run[\\/](?!environment|look)|rollback|validate|backup[\\/]backup-service|history[\\/]maintenance|plan[\\/]down|scan[\\/](?:load|modules|stages|misnamed|discover))/u;
/** What every start needs, in one file too: each file of a package costs about a millisecond. */
const ALWAYS = /src[\\/](?!render|backup|boot|index)/u;

/** Declarations go through the same groups and must not be mixed with code. */
const codeIn =
  (place: RegExp) =>
  (id: string): boolean =>
    place.test(id) && !/\.d\.[cm]?ts$/u.test(id);

const config: UserConfig = {
  ...library(),
  entry: {
    index: 'src/index.ts',
    backup: 'src/backup/index.ts',
    boot: 'src/boot/index.ts',
    render: 'src/render/index.ts',
  },
  outputOptions: {
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'run', test: codeIn(LATER), priority: 2 },
        { name: 'start', test: codeIn(ALWAYS), priority: 1 },
      ],
    },
  },
};

export default config;
