/** The API with access tokens checked, for tests: asks as the holder of any of them. */

import { AccessControl } from '../api/access-control.ts';
import type { ApiOptions } from '../api/routes.ts';
import type { TokenLimits } from '../api/token-limits.ts';
import { type Answer, apiOf, type Ask } from './api-bench.ts';
import { type EngineBench, engineBench } from './engine-bench.ts';

export interface AccessBench extends EngineBench {
  /** The secret of the token that may do everything. */
  root: string;
  options: ApiOptions;
  /** Asks as the holder of a secret, or of none. */
  ask: (secret: string | null, line: string, ask?: Ask) => Promise<Answer>;
  /** Issues a token as the holder of another, the root's by default, and returns its secret. */
  issue: (body: object, by?: string) => Promise<string>;
}

export async function accessBench(limits?: TokenLimits): Promise<AccessBench> {
  const bench = await engineBench({ tunables: { tombstoneMs: 1_000 } });
  const root = await bench.engine.ensureRootToken(null);
  if (root.kind !== 'issued') throw new Error(root.kind);
  const options: ApiOptions = { access: new AccessControl(bench.clock, limits) };
  const handler = apiOf(bench.engine, options);
  const ask = (secret: string | null, line: string, { headers = {}, body }: Ask = {}): Promise<Answer> => {
    const all = { ...(secret !== null && { authorization: `Bearer ${secret}` }), ...headers };
    return handler(line, { headers: all, ...(body !== undefined && { body }) });
  };
  const issue = async (body: object, by = root.secret): Promise<string> => {
    const answer = await ask(by, 'POST /v1/access-tokens', { body });
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return (answer.body as { access_token: string }).access_token;
  };
  return { ...bench, root: root.secret, options, ask, issue };
}
