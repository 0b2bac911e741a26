// The one place where the page asks for anything. An Engine asks limn serve, or in an exported studio the WebAssembly
// module (module_engine.js), which answers the same calls. Bodies and answers are those of openapi.json.
// The server's token, if it asks for one, comes in the address after '#', which browsers send to nobody.

const TOKEN = "limn-token";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Of this address, for all tabs of the browser: a studio that starts again has another token, and asks.
function storedToken() {
  try {
    return localStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

export function setToken(token) {
  try {
    localStorage.setItem(TOKEN, token);
  } catch { /* a browser that keeps nothing asks again */ }
}

export function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  setToken(given);
  history.replaceState(null, "", location.pathname);
}

// The server, with its token.
const server = {
  isStatic: false,
  fetch(path, {headers, ...options}) {
    const token = storedToken();
    return fetch(path, {...options, headers: token ? {...headers, Authorization: `Bearer ${token}`} : headers, cache: "no-store"});
  },
  silence: () => "The studio does not answer. Is limn serve still running?",
};

// The server or the module that answers this page. limn serve --export writes into the page that the module does.
export async function chooseEngine() {
  if (document.querySelector("meta[name=limn-engine]")?.content !== "module") return new Engine(server);
  const {ModuleHost} = await import("./module_engine.js");
  return new Engine(new ModuleHost());
}

class Engine {
  #host;

  constructor(host) { this.#host = host; }

  // True without a server. Then nothing trains, and the page writes no data sets.
  get isStatic() { return this.#host.isStatic; }

  async #send(path, {body, signal, headers = {}} = {}) {
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await this.#host.fetch(path, {
        method: body === undefined ? "GET" : "POST",
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, this.#host.silence(error));
    }
    if (response.ok || response.status === 304) return response;
    let message = `The studio answered ${response.status}.`;
    try {
      message = (await response.json()).error.message;
    } catch { /* no JSON: the status must do */ }
    throw new ApiError(response.status, message[0].toUpperCase() + message.slice(1));
  }

  // Calls onEvent for each line of a streamed answer as it comes. Rejects with AbortError when `signal` says so.
  async #sendForEvents(path, body, onEvent, signal) {
    const response = await this.#send(path, {body, signal});
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    while (true) {
      let part;
      try {
        part = await reader.read();
      } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new ApiError(0, "The studio went away while the model drew.");
      }
      if (part.done) break;
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const event = JSON.parse(line);
        if (event.event === "error") throw new ApiError(500, event.message);
        onEvent(event);
      }
    }
  }

  // The state of the server: models, limits, whether runs are watched.
  async studio() { return (await this.#send("api/studio")).json(); }

  // Streams of events: see openapi.json.
  complete(model, body, onEvent, signal) { return this.#sendForEvents(`api/models/${model}/completions`, body, onEvent, signal); }
  vary(model, body, onEvent, signal) { return this.#sendForEvents(`api/models/${model}/variations`, body, onEvent, signal); }
  morph(model, body, onEvent, signal) { return this.#sendForEvents(`api/models/${model}/morphs`, body, onEvent, signal); }

  // Pictures of latent vectors as one sheet, a Blob; the latent vector of a picture or a new one; DRAW's canvases.
  async images(model, body, signal) { return (await this.#send(`api/models/${model}/images`, {body, signal})).blob(); }
  async latents(model, body, signal) { return (await this.#send(`api/models/${model}/latents`, {body, signal})).json(); }
  async canvases(model, body, signal) { return (await this.#send(`api/models/${model}/canvases`, {body, signal})).json(); }

  // Drawings as the bytes of a file that the page does not write itself, a Blob.
  async file(body) { return (await this.#send("api/pictures", {body})).blob(); }

  async runs() { return (await this.#send("api/runs")).json(); }
  // {version, data}, or null where nothing has changed since `version`.
  async run(id, version) {
    const response = await this.#send(`api/runs/${id}`, {headers: version ? {"If-None-Match": version} : {}});
    if (response.status === 304) return null;
    return {version: response.headers.get("ETag"), data: await response.json()};
  }
  async sample(id, step) { return (await this.#send(`api/runs/${id}/samples/${step}`)).blob(); }
}
