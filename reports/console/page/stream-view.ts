/** One stream: its facts, its records as they come, and the box that appends to it. */

import { element, showProblem, timeText } from './dom.ts';
import { Follower, type Start } from './follower.ts';
import { RecordsView } from './records-view.ts';
import {
  append,
  type Conditions,
  type KeyedTarget,
  type Position,
  type RequestFailed,
  streamConfig,
  type Target,
} from './server.ts';

const LAST_RECORDS = 100;

export class StreamView {
  readonly #records = new RecordsView();
  readonly #section = element('stream', HTMLElement);
  readonly #facts = element('stream-facts', HTMLParagraphElement);
  readonly #state = element('state', HTMLSpanElement);
  readonly #problem = element('stream-problem', HTMLParagraphElement);
  readonly #follow = element('follow', HTMLButtonElement);
  readonly #start = element('start', HTMLSelectElement);
  readonly #startSeq = element('start-seq', HTMLInputElement);
  readonly #keyBox = element('key-box', HTMLDetailsElement);
  readonly #key = element('key', HTMLInputElement);
  readonly #body = element('body', HTMLTextAreaElement);
  readonly #appended = element('appended', HTMLOutputElement);
  #target: Target | null = null;
  #follower: Follower | null = null;
  /** Where a follower that was paused goes on. */
  #nextSeqNum: number | null = null;
  #config = '';

  constructor() {
    this.#follow.addEventListener('click', () => this.togglePause());
    this.#start.addEventListener('change', () => this.#startChanged());
    this.#startSeq.addEventListener('change', () => this.#restart());
    this.#key.addEventListener('change', () => this.#restart());
    element('append', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#append();
    });
    this.#body.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#append();
    });
  }

  /** Null shows nothing. */
  show(target: Target | null): void {
    this.#follower?.stop();
    this.#follower = null;
    this.#target = target;
    this.#section.hidden = target === null;
    element('welcome', HTMLElement).hidden = target !== null;
    if (target === null) return;
    element('stream-title', HTMLHeadingElement).textContent = `s2://${target.basin}/${target.stream}`;
    this.#facts.textContent = '';
    this.#appended.value = '';
    this.#config = '';
    this.#start.value = 'last';
    this.#startSeq.hidden = true;
    // A key is for one stream, and is kept nowhere.
    this.#key.value = '';
    this.#keyBox.open = false;
    this.#restart();
    void this.#showConfig(target);
  }

  togglePause(): void {
    if (this.#target === null) return;
    if (this.#follower === null)
      return this.#run(this.#nextSeqNum === null ? this.#chosenStart() : { seqNum: this.#nextSeqNum });
    this.#follower.stop();
    this.#follower = null;
    this.#follow.setAttribute('aria-pressed', 'false');
    this.#follow.textContent = 'Follow';
    this.#state.textContent = 'paused';
  }

  focusAppend(): void {
    this.#body.focus();
  }

  #startChanged(): void {
    this.#startSeq.hidden = this.#start.value !== 'seq';
    if (this.#startSeq.hidden) this.#restart();
    else this.#startSeq.focus();
  }

  #restart(): void {
    this.#follower?.stop();
    this.#nextSeqNum = null;
    this.#records.clear();
    this.#run(this.#chosenStart());
  }

  #chosenStart(): Start {
    if (this.#start.value === 'last') return { tailOffset: LAST_RECORDS };
    return { seqNum: this.#start.value === 'first' ? 0 : Number(this.#startSeq.value) || 0 };
  }

  #keyed(): KeyedTarget | null {
    const key = this.#key.value.trim();
    return this.#target === null ? null : { ...this.#target, key: key === '' ? null : key };
  }

  #run(start: Start): void {
    const target = this.#keyed();
    if (target === null) return;
    showProblem(this.#problem, null);
    this.#follow.setAttribute('aria-pressed', 'true');
    this.#follow.textContent = 'Pause';
    this.#state.textContent = 'connecting…';
    this.#follower = new Follower(target, start, {
      onRecords: (records) => {
        this.#records.add(records);
        this.#nextSeqNum = (records.at(-1)?.seq_num ?? -1) + 1;
      },
      onTail: (tail) => {
        this.#records.sayIfEmpty(tail.seq_num === 0 ? 'No records yet.' : 'No records from here on yet.');
        this.#showTail(tail);
      },
      onTrouble: (why) => (this.#state.textContent = why === null ? 'following' : `${why}; trying again`),
      onRefused: (why) => this.#showRefusal(why),
    });
  }

  #showRefusal(why: RequestFailed): void {
    this.#state.textContent = '';
    showProblem(this.#problem, why);
    if (!why.isAboutKey) return;
    this.#keyBox.open = true;
    this.#key.focus();
  }

  #showTail({ seq_num, timestamp }: Position): void {
    const last = timestamp === 0 ? '' : `, last written ${timeText(timestamp) ?? timestamp} UTC`;
    this.#facts.textContent = [`next number ${seq_num.toLocaleString('en')}${last}`, this.#config]
      .filter(Boolean)
      .join(' · ');
  }

  async #showConfig(target: Target): Promise<void> {
    try {
      const config = await streamConfig(target);
      if (this.#target !== target) return;
      this.#config = configText(config);
      if (this.#facts.textContent === '') this.#facts.textContent = this.#config;
    } catch {
      // The follower says it: it asks the same server for the same stream.
    }
  }

  async #append(): Promise<void> {
    const target = this.#keyed();
    if (target === null) return;
    try {
      const { start } = await append(target, this.#body.value, conditions());
      this.#body.value = '';
      this.#appended.value = `appended as ${start.seq_num}`;
      showProblem(this.#problem, null);
    } catch (error) {
      this.#appended.value = '';
      showProblem(this.#problem, error);
    }
    this.#body.focus();
  }
}

function conditions(): Conditions {
  const token = element('token', HTMLInputElement).value;
  const match = element('match', HTMLInputElement).value.trim();
  return {
    ...(token !== '' && { fencing_token: token }),
    ...(/^\d+$/.test(match) && { match_seq_num: Number(match) }),
  };
}

function configText(config: Record<string, unknown>): string {
  const { retention_policy, timestamping } = config as {
    retention_policy?: { age?: number } | null;
    timestamping?: { mode?: string } | null;
  };
  const age = retention_policy?.age;
  const kept = age === undefined ? 'kept for ever' : `kept for ${ageText(age)}`;
  return timestamping?.mode === undefined ? kept : `${kept} · timestamps: ${timestamping.mode}`;
}

function ageText(seconds: number): string {
  const [count, unit] =
    seconds % 86_400 === 0
      ? [seconds / 86_400, 'day']
      : seconds % 3600 === 0
        ? [seconds / 3600, 'hour']
        : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
