/** Answers that are heard by somebody else before those who asked hear them, in the same turn. */

/** The same promise; its outcome is heard before anyone else hears it. */
export function heardOf<Told>(answer: Promise<Told>, hear: (outcome: Told) => unknown): Promise<Told> {
  // What rejects is for who asked.
  void answer.then(hear, () => {});
  return answer;
}

/** The same steps; each is heard before it is taken. */
export function heardSteps<Step>(
  steps: AsyncGenerator<Step, void>,
  hear: (step: Step) => void,
  asked: () => void = () => {},
): AsyncGenerator<Step, void> {
  const heard = {
    next: () => {
      asked();
      return heardOf(steps.next(), (result) => result.done !== true && hear(result.value));
    },
    return: () => steps.return(),
    throw: (error: unknown) => steps.throw(error),
    [Symbol.asyncIterator]: () => heard,
  };
  return heard as unknown as AsyncGenerator<Step, void>;
}
