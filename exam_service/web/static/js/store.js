// Keeps values by key on this device: in the browser's database, in localStorage where that is missing or full, else for as long as the
// page is open. `kind` says which, because a page must not promise more than it has.

const PATIENCE = 4000; // some browsers never answer
const TABLE = "kept";
const BESIDE = "exam:kept:";

export class Store {
  /** Open it; never fails, and waits no longer than a few seconds. */
  static async open(name = "exam") {
    const database = await inTime(connect(name)).catch(() => null);
    return new Store(database);
  }

  constructor(database) {
    this.database = database;
    this.page = new Map();
    this.newest = new Map();
    this.count = 0;
    this.kind = database ? "database" : tryStorage() ? "storage" : "page";
  }

  /** {key: value} of all keys that begin so. */
  async entries(prefix = "") {
    const found = {};
    if (this.database) {
      try {
        const [keys, values] = await inTime(new Promise((resolve, reject) => {
          const table = this.database.transaction(TABLE).objectStore(TABLE);
          const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
          const asked = [table.getAllKeys(range), table.getAll(range)];
          asked[0].onerror = asked[1].onerror = () => reject(asked[1].error);
          asked[1].onsuccess = () => resolve(asked.map((one) => one.result));
        }));
        keys.forEach((key, n) => { found[key] = values[n]; });
      } catch {
        this.#lost();
      }
    }
    // What is beside the database was put there when the database refused it, so it is newer.
    for (const key of storageKeys(prefix)) found[key] = JSON.parse(localStorage.getItem(BESIDE + key));
    for (const [key, value] of this.page) if (key.startsWith(prefix)) found[key] = value;
    return found;
  }

  /** Put and remove, all or nothing where there is a database. Resolves when it is on the disk, or in the next best place. */
  async change(puts, removes = []) {
    const mark = ++this.count;
    const keys = [...Object.keys(puts), ...removes];
    for (const key of keys) this.newest.set(key, mark);
    const still = (key) => this.newest.get(key) === mark;
    if (this.database) {
      try {
        await inTime(this.#write(puts, removes));
        for (const key of keys.filter(still)) this.#dropBeside(key);
        this.kind = "database";
        return;
      } catch {
        // Full, or closed under us: the next best place takes it, and the next change tries again.
      }
    }
    for (const [key, value] of Object.entries(puts)) if (still(key)) this.#putBeside(key, value);
    for (const key of removes) if (still(key)) this.#dropBeside(key);
  }

  #write(puts, removes) {
    return new Promise((resolve, reject) => {
      const change = this.database.transaction(TABLE, "readwrite", { durability: "strict" });
      const table = change.objectStore(TABLE);
      for (const [key, value] of Object.entries(puts)) table.put(value, key);
      for (const key of removes) table.delete(key);
      change.oncomplete = resolve;
      change.onerror = change.onabort = () => reject(change.error);
      // At once, not when the page is next idle: it may be closing.
      change.commit?.();
    });
  }

  #putBeside(key, value) {
    try {
      localStorage.setItem(BESIDE + key, JSON.stringify(value));
      this.page.delete(key);
      this.kind = "storage";
    } catch {
      this.page.set(key, value);
      this.kind = "page";
    }
  }

  #dropBeside(key) {
    this.page.delete(key);
    try {
      localStorage.removeItem(BESIDE + key);
    } catch { /* nothing was kept there */ }
  }

  #lost() {
    this.database = null;
    this.kind = tryStorage() ? "storage" : "page";
  }
}

function connect(name) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(name, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE);
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
}

function inTime(promise) {
  return Promise.race([promise, new Promise((_, reject) => { setTimeout(() => reject(new Error("too slow")), PATIENCE); })]);
}

function tryStorage() {
  try {
    localStorage.setItem(`${BESIDE}?`, "1");
    localStorage.removeItem(`${BESIDE}?`);
    return true;
  } catch {
    return false;
  }
}

function storageKeys(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(BESIDE + prefix)).map((key) => key.slice(BESIDE.length));
  } catch {
    return [];
  }
}
