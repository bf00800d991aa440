/**
 * A real S3 server that is not ours, for tests: Ceph's RADOS gateway with one monitor and one store in memory, on
 * 127.0.0.1, started here and ended by process id. It comes from Debian and Ubuntu packages.
 *
 * Everything it holds is gone when it is closed. `killGateway` ends and restarts only the part that speaks S3.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { openSync, closeSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const run = promisify(execFile);

const PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph', 'monmaptool'];

const START_MS_MAX = 40_000;

const BUCKET = 'tailrace-test';

/** What the SDK's default chain has to find; the secret opens nothing but this server. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testsecret', AWS_REGION: 'us-east-1' };

export interface S3Server {
  endpoint: string;
  bucket: string;
  /** Environment variables for processes that use the server. */
  env: Readonly<Record<string, string>>;
  /** The URL of a store below a prefix of its own. */
  url(prefix: string): string;
  /** Ends what speaks S3 with SIGKILL and starts it again on the same objects and the same port. */
  killGateway(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server with one empty bucket. Throws, with the remedy, on a machine that lacks the programs. */
export async function startS3Server(): Promise<S3Server> {
  const missing = PROGRAMS.filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    throw new Error(
      `the tests of S3 stores need Ceph's S3 server (${missing.join(', ')} not found): ` +
        '`apt-get install --no-install-recommends radosgw ceph-mon ceph-osd`, or set TAILRACE_NO_S3=1 to do without',
    );
  }
  const cluster = new Cluster(await mkdtemp(join(tmpdir(), 'tailrace-s3-')));
  try {
    await cluster.start();
    return cluster.server();
  } catch (error) {
    const log = await cluster.lastWords();
    await cluster.stop();
    throw new Error(`the S3 server did not start: ${String(error)}\n${log}`, { cause: error });
  }
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

class Cluster {
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #processes: ChildProcess[] = [];
  #gateway: ChildProcess | null = null;
  #port = 0;

  constructor(dir: string) {
    this.#dir = dir;
    this.#env = { ...process.env, CEPH_CONF: join(dir, 'ceph.conf') };
  }

  async start(): Promise<void> {
    const [fsid, osd, monitorPort] = [randomUUID(), randomUUID(), await freePort()];
    this.#port = await freePort();
    for (const name of ['mon', 'osd', 'run', 'log']) await mkdir(join(this.#dir, name));
    await writeFile(join(this.#dir, 'ceph.conf'), configuration(this.#dir, { fsid, monitorPort, port: this.#port }));
    await this.#run('monmaptool', '--create', '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, '--fsid', fsid, 'monmap');
    await this.#run('ceph-mon', '-i', 'a', '--mkfs', '--monmap', 'monmap');
    this.#spawn('ceph-mon', '-f', '-i', 'a');
    await this.#run('ceph', '--connect-timeout', '30', 'osd', 'new', osd);
    await this.#run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
    this.#spawn('ceph-osd', '-f', '-i', '0');
    const keys = ['--access-key', CREDENTIALS.AWS_ACCESS_KEY_ID, '--secret-key', CREDENTIALS.AWS_SECRET_ACCESS_KEY];
    await this.#run(
      'radosgw-admin',
      '-n',
      'client.rgw',
      'user',
      'create',
      '--uid',
      't',
      '--display-name',
      't',
      ...keys,
    );
    await this.#startGateway();
    await this.#createBucket();
  }

  server(): S3Server {
    const { endpoint } = this;
    return {
      endpoint,
      bucket: BUCKET,
      env: CREDENTIALS,
      url: (prefix) => `s3://${BUCKET}/${prefix}?endpoint=${endpoint}&region=${CREDENTIALS.AWS_REGION}`,
      killGateway: async () => {
        await ended(this.#gateway);
        await this.#startGateway();
      },
      close: () => this.stop(),
    };
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The store is in memory: SIGKILL loses nothing that anybody will miss, and is fast. */
  async stop(): Promise<void> {
    await Promise.all([this.#gateway, ...this.#processes].map(ended));
    await rm(this.#dir, { recursive: true, force: true });
  }

  async lastWords(): Promise<string> {
    const names = ['ceph-mon', 'ceph-osd', 'radosgw'];
    const logs = await Promise.all(names.map((name) => readFile(this.#logOf(name), 'utf8').catch(() => '')));
    return names.map((name, index) => `${name}: ${logs[index]?.slice(-500)}`).join('\n');
  }

  async #startGateway(): Promise<void> {
    const gateway = this.#spawn('radosgw', '-f', '-n', 'client.rgw');
    this.#processes.pop();
    this.#gateway = gateway;
    const deadline = performance.now() + START_MS_MAX;
    while (!(await answers(this.endpoint))) {
      if (gateway.exitCode !== null) throw new Error(`radosgw ended with ${gateway.exitCode}`);
      if (performance.now() > deadline) throw new Error(`radosgw did not answer within ${START_MS_MAX} ms`);
      await sleep(20);
    }
  }

  async #createBucket(): Promise<void> {
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const client = new S3Client({
      endpoint: this.endpoint,
      forcePathStyle: true,
      region: CREDENTIALS.AWS_REGION,
      credentials: { accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID, secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY },
    });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    client.destroy();
  }

  async #run(program: string, ...args: string[]): Promise<void> {
    await run(program, args, { cwd: this.#dir, env: this.#env, timeout: START_MS_MAX });
  }

  #spawn(program: string, ...args: string[]): ChildProcess {
    const log = openSync(this.#logOf(program), 'a');
    const child = spawn(program, args, { cwd: this.#dir, env: this.#env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#processes.push(child);
    return child;
  }

  #logOf(program: string): string {
    return join(this.#dir, 'log', `${program}.out`);
  }
}

async function ended(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(endpoint);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const holder = createServer();
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    holder.once('error', reject).listen(0, '127.0.0.1', () => resolve(holder.address() as AddressInfo));
  });
  await new Promise((resolve) => holder.close(resolve));
  return port;
}

/**
 * One monitor, one store in memory. `paxos propose interval` and `paxos min wait` make it start in a second instead
 * of eleven, `ms mon client mode` lets the gateway connect without authentication, `tcp_nodelay` saves 40 ms a call.
 */
function configuration(
  dir: string,
  { fsid, monitorPort, port }: { fsid: string; monitorPort: number; port: number },
): string {
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitorPort}]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
run dir = ${dir}/run
pid file = ${dir}/run/$name.ceph-pid
admin socket = ${dir}/run/$name.asok
log file = ${dir}/log/$name.log
mon cluster log file = ${dir}/log/cluster.log
crash dir = ${dir}/log
paxos propose interval = 0.01
paxos min wait = 0.005
mon tick interval = 1
mon data avail crit = 1
mon data avail warn = 1
mon allow pool size one = true
mon max pg per osd = 1000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
osd class load list = *
osd class default list = *
[mon.a]
mon data = ${dir}/mon
[osd.0]
osd data = ${dir}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw rados pool pg num min = 1
rgw thread pool size = 64
rgw dynamic resharding = false
rgw enable quota threads = false
rgw run sync thread = false
`;
}
