/** How the server program ends, for supervisors and people, and what kept it from starting. */

/** A second signal ends it with 128 plus the signal's number instead. */
export const EXIT = {
  stopped: 0,
  bug: 1,
  couldNotStart: 2,
  storeRefused: 3,
  fenced: 4,
} as const;

/** Something the operator has to mend before the server can start. One line. */
export class StartError extends Error {
  override name = 'StartError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.couldNotStart) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Why a port can not be opened, and what to do about it. */
export function portProblem({ code, message }: { code?: string; message: string }, host: string, port: number): string {
  const where = `${host} port ${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${where} is in use; choose another with --port, or stop the program that has it`;
    case 'EACCES':
      return `this user may not open ${where}; choose a --port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine; choose one with --host, such as 127.0.0.1 or 0.0.0.0`;
    default:
      return `cannot listen on ${where}: ${message}`;
  }
}
