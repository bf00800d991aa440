/**
 * What users of a folder store may rely on, remembered from what the store told them.
 *
 * Durable from then on, through any power failure, until somebody asks for a deletion: an object whose put was
 * `done`, a name that was `refused`, an object in a listing, and what a process GOT before it began a put in the
 * same directory that ended `done` or `refused` (the rule a takeover rests on). Never to be seen: part of a body,
 * or a body whose put was `failed` or `refused`. One name has one body. Every method throws a Violation.
 */

export class Violation extends Error {
  override name = 'Violation';
}

/** `maybe`: running, unknown or killed. `void`: certainly without effect. */
type Attempt = 'maybe' | 'done' | 'void';

interface Name {
  attempts: Map<string, Attempt>;
  /** Must be there, also after a power failure; with this body where it is known. */
  promised: { body: string | null } | null;
  /** The body everybody was shown since the last deletion or power failure. */
  seen: string | null;
  /** Bodies ever shown. */
  shown: Set<string>;
  /** Deletions ever asked for, and those not answered yet. */
  deletions: number;
  deletionsOpen: number;
}

/** The state of one name when a call began. */
export interface Mark {
  key: string;
  deletions: number;
  quiet: boolean;
  promised: boolean;
}

/** What one process got, and when; a put it begins later in the same directory makes it durable. */
export type Got = Map<string, { mark: Mark; body: string }>;

export class FolderGhost {
  readonly #names = new Map<string, Name>();

  /** Promises that were checked against a disk after a power failure. */
  checked = 0;

  mark(key: string): Mark {
    const name = this.#name(key);
    return { key, deletions: name.deletions, quiet: name.deletionsOpen === 0, promised: name.promised !== null };
  }

  markAll(): Mark[] {
    return [...this.#names.keys()].map((key) => this.mark(key));
  }

  putBegins(key: string, body: string): void {
    const { attempts } = this.#name(key);
    if (!attempts.has(body)) attempts.set(body, 'maybe');
  }

  /** `before`: what the process had got when the put began. `retried`: an earlier put of this body is in doubt. */
  putEnded(
    mark: Mark,
    put: { body: string; kind: 'done' | 'refused' | 'failed'; retried: boolean; before: Got },
  ): void {
    const name = this.#name(mark.key);
    if (put.kind === 'done') {
      name.attempts.set(put.body, 'done');
      this.#shows(mark, put.body, 'was created');
      this.#promise(mark, put.body);
    } else if (!put.retried) {
      if (name.shown.has(put.body)) throw new Violation(`${mark.key}: a put that was ${put.kind} was seen to exist`);
      name.attempts.set(put.body, 'void');
    }
    if (put.kind === 'refused') this.#promise(mark, null);
    if (put.kind === 'failed') return;
    for (const got of put.before.values()) {
      if (directoryOf(got.mark.key) === directoryOf(mark.key)) this.#promise(got.mark, got.body);
    }
  }

  /** `part` is what was read from `start` on, of an object of `size` bytes. Returns the whole body. */
  found(mark: Mark, { part, start, size }: { part: string; start: number; size: number }): string {
    const bodies = [...this.#name(mark.key).attempts.keys()];
    const whole = bodies.find((body) => body.length === size && body.startsWith(part, start));
    if (whole === undefined) throw new Violation(`${mark.key} was found with bytes nobody put there: ${part}`);
    this.#shows(mark, whole, 'was found');
    return whole;
  }

  absent(mark: Mark): void {
    if (mark.promised && this.#undisturbed(mark)) throw new Violation(`${mark.key} exists and was not found`);
  }

  listed(mark: Mark, size: number): void {
    const name = this.#name(mark.key);
    const possible = [...name.attempts].some(([body, attempt]) => attempt !== 'void' && body.length === size);
    if (!possible) throw new Violation(`${mark.key} is listed with ${size} bytes, which nobody put there`);
    this.#promise(mark, null);
  }

  deletionBegins(key: string): void {
    const name = this.#name(key);
    name.deletions += 1;
    name.deletionsOpen += 1;
    name.promised = null;
    name.seen = null;
  }

  deletionEnded(key: string): void {
    this.#name(key).deletionsOpen -= 1;
  }

  /** `contentOf` reads the disk; what is there after a power failure stays there. */
  powerFailed(contentOf: (key: string) => string | null): void {
    for (const [key, name] of this.#names) {
      const body = contentOf(key);
      name.seen = null;
      if (name.promised !== null) this.checked += 1;
      if (body === null) {
        if (name.promised !== null) throw new Violation(`${key} was durable and is lost after a power failure`);
        continue;
      }
      this.#check(key, name, body, 'is there after a power failure');
      name.promised = { body };
    }
  }

  #shows(mark: Mark, body: string, how: string): void {
    const name = this.#name(mark.key);
    if (this.#undisturbed(mark)) {
      this.#check(mark.key, name, body, how);
      name.seen = body;
      if (name.promised !== null) name.promised.body = body;
    } else {
      this.#check(mark.key, { ...name, promised: null, seen: null }, body, how);
    }
    name.shown.add(body);
  }

  #check(key: string, name: Name, body: string, how: string): void {
    const attempt = name.attempts.get(body);
    if (attempt === undefined) throw new Violation(`${key} ${how} with a body nobody put there, ${body.length} bytes`);
    if (attempt === 'void') throw new Violation(`${key} ${how} with the body of a put that had no effect`);
    for (const other of [name.promised?.body ?? null, name.seen]) {
      if (other !== null && other !== body) throw new Violation(`${key} ${how} and has had two bodies`);
    }
  }

  #promise(mark: Mark, body: string | null): void {
    if (!this.#undisturbed(mark)) return;
    const name = this.#name(mark.key);
    name.promised = { body: body ?? name.promised?.body ?? name.seen };
  }

  /** Nobody asked for a deletion since the call began, and none was open then. */
  #undisturbed(mark: Mark): boolean {
    return mark.quiet && this.#name(mark.key).deletions === mark.deletions;
  }

  #name(key: string): Name {
    let name = this.#names.get(key);
    if (name === undefined) {
      name = { attempts: new Map(), promised: null, seen: null, shown: new Set(), deletions: 0, deletionsOpen: 0 };
      this.#names.set(key, name);
    }
    return name;
  }
}

function directoryOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
