import { Inject } from '@nestjs/common';

/** What to inject for the executor of a database; a provider that depends on it is made when its migrations are done. */
export function executorToken(name = 'default'): string {
  return `detent:executor:${name}`;
}

/** The executor of a database, as a parameter or a property. */
export function InjectExecutor(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(executorToken(name));
}

/** The run at the start of the application. */
export function runToken(name = 'default'): string {
  return `detent:run:${name}`;
}

export function healthToken(name = 'default'): string {
  return `detent:health:${name}`;
}
