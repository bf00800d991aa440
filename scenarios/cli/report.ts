/** `tailrace report PATH`: a run, a sweep or a bare history as a self-contained HTML page. */

import { existsSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { readInput } from './check.ts';
import { EXIT_BAD_INPUT } from './input-error.ts';
import type { SweepRecord } from '../run.ts';
import { parseRecord, parseSweep } from './parse-record.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('write the HTML page of a run, a sweep or a history')
    .argument('<path>', 'run.json, sweep.json, a history (.jsonl), or a folder that holds one of them')
    .option('-o, --out <file>', 'where to write the page (default: beside the input)')
    .option('--open', 'show it in the browser')
    .addHelpText('after', '\nExit codes: 0 written, 3 bad input.')
    .action(async (path: string, options: { out?: string; open?: boolean }) => {
      const page = await report(path, options.out);
      if (page === null) process.exitCode = EXIT_BAD_INPUT;
      else {
        console.log(`page: ${page}`);
        if (options.open === true) await show(page);
      }
    });
}

/** The page is written whatever becomes of this: a machine may have no browser. */
async function show(page: string): Promise<void> {
  const { default: open } = await import('open');
  const opener = await open(resolve(page));
  opener.once('error', (error) =>
    console.error(`no browser could be started (${error.message}): open the page yourself`),
  );
}

async function report(path: string, out: string | undefined): Promise<string | null> {
  const file = inFolder(path);
  const text = readInput(file);
  if (text === null) return null;
  const html = await pageOf(file, text);
  if (html === null) return null;
  const page = out ?? pageBeside(file);
  writeFileSync(page, html);
  return page;
}

/** `run.json` and `sweep.json` have their pages under fixed names; a history's is named after it. */
function pageBeside(file: string): string {
  const known = { 'run.json': 'history.html', 'sweep.json': 'index.html' }[basename(file)];
  return known === undefined ? `${file.replace(/\.jsonl?$/, '')}.html` : join(dirname(file), known);
}

/** The record in a folder; for the history of a run, the run it belongs to, which knows more; or the path itself. */
function inFolder(path: string): string {
  const run = join(dirname(path), 'run.json');
  if (basename(path) === 'history.jsonl' && existsSync(run)) return run;
  if (!existsSync(path) || !statSync(path).isDirectory()) return path;
  const names = ['run.json', 'sweep.json', 'history.jsonl'];
  return names.map((name) => join(path, name)).find((candidate) => existsSync(candidate)) ?? path;
}

async function pageOf(file: string, text: string): Promise<string | null> {
  const format = formatOf(text);
  if (format === 'tailrace-run/1') {
    const { renderRunPage } = await import('../bundle.ts');
    return renderRunPage(parseRecord(file, text, format));
  }
  if (format === 'tailrace-sweep/1') {
    const { renderSweep } = await import('../../reports/index.ts');
    const sweep = parseSweep(file, text);
    return renderSweep(sweep, { runLinks: historiesBeside(file, sweep) });
  }
  const { judgeStream } = await import('./check-stream.ts');
  const bytes = new TextEncoder().encode(text);
  const found = judgeStream(file, { whole: () => bytes, pieces: () => [bytes] }, { html: file });
  if (!('refusal' in found)) return found.page();
  console.error(found.refusal);
  return null;
}

/** The pages of failed runs that the sweep wrote beside its record. */
function historiesBeside(file: string, { results }: SweepRecord): Record<string, string> {
  const failed = results.filter(({ failure }) => failure !== null);
  const links = failed.map(({ seed, profile }) => [`${seed}/${profile}`, `${profile}-${seed}/history.html`] as const);
  return Object.fromEntries(links.filter(([, link]) => existsSync(join(dirname(file), link))));
}

/** `format` of a record, or null when the text is something else. */
function formatOf(text: string): string | null {
  const match = /^\s*\{\s*"format"\s*:\s*"([^"]+)"/.exec(text);
  return match?.[1] ?? null;
}
