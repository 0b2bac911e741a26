// The studio without a server: requests go to limn's WebAssembly module in a worker, and come back as the Responses that
// the server would have sent. The models stand in studio.json, which limn serve --export writes.

// The two scripts that the page's policy lets start.
const SCRIPTS = {
  worker: new URL("./module_worker.js", import.meta.url).href,
  offline: new URL("../service-worker.js", import.meta.url).href,
};
const policy = globalThis.trustedTypes?.createPolicy("limn-scripts", {
  createScriptURL: (name) => {
    if (!Object.hasOwn(SCRIPTS, name)) throw new TypeError(`no script ${name}`);
    return SCRIPTS[name];
  },
});
const script = (name) => (policy ? policy.createScriptURL(name) : SCRIPTS[name]);

const OFFLINE_MS = 4000;   // from the first answer to the fetching of all other files

export class ModuleHost {
  isStatic = true;
  #worker = null;
  #waiting = new Map();   // id to {begin, fail, stream}
  #next = 1;
  #description = null;
  #isKept = false;

  silence(error) { return `${error.message[0].toUpperCase()}${error.message.slice(1).replace(/\.$/, "")}. A reload may help.`; }

  // As fetch(): resolves to a Response once its status is known; its body may still grow.
  async fetch(path, {method, body = "", signal} = {}) {
    if (path === "api/studio") return Response.json(await this.#describe());
    signal?.throwIfAborted();
    if (method !== "POST") return Response.json({error: {status: 404, message: "this needs limn serve"}}, {status: 404});
    await this.#describe();
    return this.#ask(`/${path}`, body, signal);
  }

  async #describe() {
    if (this.#description) return this.#description;
    const response = await fetch(new URL("../studio.json", import.meta.url));
    if (!response.ok) throw new Error(`studio.json is missing: the host answered ${response.status}`);
    this.#description = await response.json();
    this.#start();
    return this.#description;
  }

  #start() {
    this.#worker = new Worker(script("worker"), {type: "module"});
    this.#worker.onmessage = ({data}) => this.#receive(data);
    // A worker that has stopped answers nothing more.
    this.#worker.onerror = (event) => {
      for (const {fail} of this.#waiting.values()) fail(new Error(event.message || "the worker cannot start"));
      this.#waiting.clear();
    };
    this.#worker.postMessage({models: this.#description.models});
  }

  #ask(path, body, signal) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      let stream = null;
      const source = new ReadableStream({
        start: (controller) => { stream = controller; },
        cancel: () => this.#end(id),
      });
      const fail = (error) => {
        reject(error);
        stream.error(error);
      };
      const begin = ({status, type}) => resolve(new Response(source, {status, headers: {"Content-Type": type}}));
      this.#waiting.set(id, {begin, fail, stream});
      signal?.addEventListener("abort", () => {
        if (!this.#waiting.has(id)) return;
        this.#end(id);
        fail(signal.reason);
      }, {once: true});
      this.#worker.postMessage({id, path, body});
    });
  }

  #receive({id, status, type, part, isDone, error}) {
    const request = this.#waiting.get(id);
    if (!request) return;
    if (error !== undefined) {
      this.#waiting.delete(id);
      request.fail(new Error(error));
      return;
    }
    if (status !== undefined) request.begin({status, type});
    if (part?.length > 0) request.stream.enqueue(part);
    if (!isDone) return;
    this.#waiting.delete(id);
    request.stream.close();
    this.#keepOffline();
  }

  // For the next visit, once this one has drawn something and then had the line for itself; where the browser allows
  // it: HTTPS or localhost.
  #keepOffline() {
    if (this.#isKept) return;
    this.#isKept = true;
    setTimeout(() => {
      navigator.serviceWorker?.register(script("offline")).catch((error) => console.warn(`Not kept for offline use: ${error.message}`));
    }, OFFLINE_MS);
  }

  #end(id) {
    if (this.#waiting.delete(id)) this.#worker.postMessage({id, isOver: true});
  }
}
