/** What one statement may carry; more waits for the next. */
export type GroupBounds<Item> = { items: number; bytes: number; bytesOf: (item: Item) => number };

/**
 * Writes items in groups: what arrives while one group is written goes together into the next, so under load many
 * share a statement and a commit, and at rest nobody waits for company. The promise of an item settles once its group
 * is written. If a group is refused for what it holds (`isRefusal`), each of it is written alone, so that one bad item
 * spoils no other; any other failure, a database that is away, is everybody's.
 */
export function groupCommit<Item, Told>(
  write: (items: Item[]) => Promise<Told[]>,
  its: GroupBounds<Item> & { isRefusal: (error: unknown) => boolean },
): (item: Item) => Promise<Told> {
  type Waiting = { item: Item } & Pick<PromiseWithResolvers<Told>, "resolve" | "reject">;
  let waiting: Waiting[] = [];
  let writing = false;

  function next(): Waiting[] {
    let [count, bytes] = [0, 0];
    while (count < waiting.length && count < its.items) {
      bytes += its.bytesOf(waiting[count]!.item);
      if (count > 0 && bytes > its.bytes) break;
      count += 1;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return group;
  }

  async function settle(group: Waiting[]): Promise<void> {
    try {
      const told = await write(group.map(({ item }) => item));
      group.forEach(({ resolve }, at) => resolve(told[at]!));
    } catch (error) {
      if (group.length > 1 && its.isRefusal(error)) for (const one of group) await settle([one]);
      else for (const { reject } of group) reject(error);
    }
  }

  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) await settle(next());
    writing = false;
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Told>();
    waiting.push({ item, resolve, reject });
    if (!writing) void writeAll();
    return promise;
  };
}
