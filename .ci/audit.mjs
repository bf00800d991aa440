// What the lockfile brings in, held to what is known of it: every package has a hash, and none that runs in production has an
// advisory of high or critical severity. Advisories live on a server: where none answers this says loudly what was not
// checked, and fails only with AUDIT=required, as the audit job of CI sets it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const FAILS = ['high', 'critical'];

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);
const production = installed.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);

const unhashed = installed
  .filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true)
  .map(([path]) => path);
if (unhashed.length > 0) fail(`the lockfile has no sha512 of ${unhashed.join(', ')}`);
const scripts = production.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path);
if (scripts.length > 0) fail(`these would run a program when they are installed: ${scripts.join(', ')}`);
console.log(`audit: ${installed.length} packages of the lockfile have a sha512, none of production runs a script`);

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
const report = parsed(stdout);
if (report?.metadata?.vulnerabilities === undefined) {
  const why = report?.message ?? 'npm audit gave no report';
  console.log(`audit: NOT CHECKED: advisories for the ${production.length} packages of production (${why})`);
  if (process.env.AUDIT === 'required') fail('advisories are required here and could not be had');
  process.exit(0);
}
const found = Object.values(report.vulnerabilities ?? {});
for (const { name, severity, range } of found) console.log(`audit: ${severity}: ${name} ${range}`);
const grave = found.filter(({ severity }) => FAILS.includes(severity));
if (grave.length > 0) fail(`${grave.length} packages of production have advisories of high or critical severity`);
console.log(`audit: ${production.length} packages of production, ${found.length} with advisories, none of them grave`);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fail(message) {
  console.error(`audit: ${message}`);
  process.exit(1);
}
