/**
 * Many store calls, a few at a time. Uploads and downloads are bounded by this, so that background work leaves
 * connections and memory to the log.
 */

/**
 * Runs `work` on every item in order, at most `limit` at once, and returns the results in the order of the items.
 * Rejects with the first error once everything that was started has ended; nothing more is started after it.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      try {
        results[at] = await work(items[at] as Item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
