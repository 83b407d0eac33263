import type { Entry, Neighbours, News, Shelf } from "./outbox";

const DATABASE = "plumbline";
const STORE = "outbox";
const OWNER = "owner";

/** For browsers without storage: it lasts as long as the page. */
export function memoryShelf(): Shelf {
  const entries = new Map<string, Entry>();
  return {
    all: () => Promise.resolve([...entries.values()]),
    put: (entry) => Promise.resolve(void entries.set(entry.clientKey, entry)),
    remove: (clientKey) => Promise.resolve(void entries.delete(clientKey)),
  };
}

/** One person's entries in this browser's database, written through to the disk. */
export function browserShelf(owner: number): Shelf {
  let opened: Promise<IDBDatabase> | null = null;
  const database = () => (opened ??= open().catch((error: unknown) => {
    opened = null;
    throw error;
  }));
  const write = async (change: (store: IDBObjectStore) => void): Promise<void> => {
    const writing = (await database()).transaction(STORE, "readwrite", { durability: "strict" });
    change(writing.objectStore(STORE));
    await finished(writing);
  };
  return {
    all: async () => {
      const index = (await database()).transaction(STORE).objectStore(STORE).index(OWNER);
      return answered(index.getAll(owner) as IDBRequest<Entry[]>);
    },
    put: (entry) => write((store) => store.put({ ...entry, owner })),
    remove: (clientKey) => write((store) => store.delete(clientKey)),
  };
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "clientKey" }).createIndex(OWNER, OWNER);
    request.onsuccess = () => {
      // A newer page may need another form of it.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error ?? new Error("The browser keeps no database."));
  });
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser could not read."));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("The browser could not write."));
  });
}

/** The other tabs and windows of this person. Locks are missing on addresses that browsers do not
 * call secure; there two tabs may send the same entry, which its client key makes harmless. */
export function browserNeighbours(owner: number): Neighbours {
  const name = `plumbline.outbox.${owner}`;
  let channel: BroadcastChannel | null = null;
  return {
    alone: async (work) => {
      if ("locks" in navigator) await navigator.locks.request(name, work);
      else await work();
    },
    tell: (news) => channel?.postMessage(news),
    listen: (hear) => {
      const opened = new BroadcastChannel(name);
      opened.onmessage = ({ data }: MessageEvent<News>) => hear(data);
      channel = opened;
      return () => {
        opened.close();
        if (channel === opened) channel = null;
      };
    },
  };
}
