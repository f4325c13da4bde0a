import { setTimeout as sleep } from 'node:timers/promises';

export interface CommentRequest {
  /** As in GITHUB_API_URL. */
  readonly api: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly pullRequest: number;
  readonly token: string;
  /** Tells the comments of several uses apart. */
  readonly key: string;
  readonly body: string;
}

export type CommentOutcome = { readonly kind: 'written' } | { readonly kind: 'not-written'; readonly reason: string };

/** GitHub's own limit, in characters. */
export const MOST_COMMENT = 65_536;
const PAGE = 100;
const MOST_PAGES = 50;
const TRIES = 3;

/** The one line by which the comment is found again. */
export function markerOf(key: string): string {
  return `<!-- detent:${key.replace(/[^\w.-]/gu, '_')} -->\n`;
}

/** Writes the comment, or over the one that stands there. A refusal or an outage is no failure of the migrations. */
export async function writeComment(request: CommentRequest): Promise<CommentOutcome> {
  const { repository, pullRequest, body } = request;
  const marker = markerOf(request.key);
  try {
    const found = await findComment(request, marker);
    const path = found === null ? `issues/${pullRequest}/comments` : `issues/comments/${found}`;
    const response = await call(request, found === null ? 'POST' : 'PATCH', `repos/${repository}/${path}`, {
      body: marker + body,
    });
    if (response.ok) return { kind: 'written' };
    return { kind: 'not-written', reason: reasonOf(response.status) };
  } catch (thrown) {
    const reason =
      thrown instanceof Refused ? thrown.message : `the API of GitHub could not be asked (${String(thrown)})`;
    return { kind: 'not-written', reason };
  }
}

class Refused extends Error {}

async function findComment(request: CommentRequest, marker: string): Promise<number | null> {
  const { repository, pullRequest } = request;
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const path = `repos/${repository}/issues/${pullRequest}/comments?per_page=${PAGE}&page=${page}`;
    const response = await call(request, 'GET', path);
    if (!response.ok) throw new Refused(reasonOf(response.status));
    const comments = (await response.json()) as readonly { readonly id: number; readonly body?: string | null }[];
    const found = comments.find(({ body }) => body?.startsWith(marker.trimEnd()) === true);
    if (found !== undefined) return found.id;
    if (comments.length < PAGE) return null;
  }
  return null;
}

async function call(
  { api, token }: CommentRequest,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: object,
): Promise<Response> {
  for (let left = TRIES - 1; ; left -= 1) {
    const response = await fetch(`${api.replace(/\/$/u, '')}/${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': 'detent-github-action',
        'x-github-api-version': '2022-11-28',
      },
      // A token goes nowhere else.
      redirect: 'error',
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // What was not done may be done again; a comment that was written must not be written twice.
    if (response.status < 500 || method === 'POST' || left === 0) return response;
    await response.body?.cancel();
    await sleep(500);
  }
}

function reasonOf(status: number): string {
  if (status === 401 || status === 403 || status === 404) {
    return `GitHub refused it (${status}); the job needs the permission pull-requests: write`;
  }
  return `GitHub answered ${status}`;
}
