import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportNotRun } from './not-run.ts';

/** Texts of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs for tests, by openssl. */
export interface Authority extends Certificate {
  /** `subject`: the common name; `hosts`: what a server may be reached by, such as `DNS:localhost`. */
  sign(subject: string, hosts?: readonly string[]): Certificate;
}

const DAYS = '2';

/** `null`, and said at the end of the run, where there is no openssl. */
export function createAuthority(name: string): Authority | null {
  if (spawnSync('openssl', ['version']).status !== 0) {
    reportNotRun({ suite: 'encrypted connections', reason: 'there is no openssl', required: false });
    return null;
  }
  const { cert, key } = inFolder((path) => {
    const request = ['req', '-x509', '-nodes', ...KEY, '-keyout', path('key'), '-out', path('cert')];
    openssl(...request, '-days', DAYS, '-subj', `/CN=${name}`);
    return read(path);
  });
  return {
    cert,
    key,
    sign: (subject, hosts = []) =>
      inFolder((path) => {
        writeFileSync(path('ca'), cert);
        writeFileSync(path('ca-key'), key);
        const extensions = hosts.length === 0 ? 'basicConstraints=CA:FALSE' : `subjectAltName=${hosts.join(',')}`;
        writeFileSync(path('extensions'), `${extensions}\n`);
        openssl('req', '-nodes', ...KEY, '-keyout', path('key'), '-out', path('request'), '-subj', `/CN=${subject}`);
        const signing = ['x509', '-req', '-in', path('request'), '-CA', path('ca'), '-CAkey', path('ca-key')];
        openssl(...signing, '-CAcreateserial', '-days', DAYS, '-extfile', path('extensions'), '-out', path('cert'));
        return read(path);
      }),
  };
}

const KEY: readonly string[] = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
}

function inFolder<T>(work: (path: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'detent-certificates-'));
  try {
    return work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(path: (name: string) => string): Certificate {
  return { cert: readFileSync(path('cert'), 'utf8'), key: readFileSync(path('key'), 'utf8') };
}
