// Talks to limn serve. Its token, if it asks for one, comes in the address after '#', which browsers send to nobody.

const TOKEN = "limn-token";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  setToken(given);
  history.replaceState(null, "", location.pathname);
}

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function send(path, {body, signal, headers = {}} = {}) {
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The studio does not answer. Is limn serve still running?");
  }
  if (response.ok || response.status === 304) return response;
  let message = `The studio answered ${response.status}.`;
  try {
    message = (await response.json()).error.message;
  } catch { /* no JSON: the status must do */ }
  throw new ApiError(response.status, message[0].toUpperCase() + message.slice(1));
}

export async function getJson(path) {
  return (await send(path)).json();
}

// {version, data}, or null where nothing has changed since `version`.
export async function getChanged(path, version) {
  const response = await send(path, {headers: version ? {"If-None-Match": version} : {}});
  if (response.status === 304) return null;
  return {version: response.headers.get("ETag"), data: await response.json()};
}

export async function getBlob(path) {
  return (await send(path)).blob();
}

export async function postForBlob(path, body, signal) {
  return (await send(path, {body, signal})).blob();
}

export async function postForJson(path, body, signal) {
  return (await send(path, {body, signal})).json();
}

// Calls onEvent for each line of a streamed answer as it comes. Rejects with AbortError when `signal` says so.
export async function postForEvents(path, body, onEvent, signal) {
  const response = await send(path, {body, signal});
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const {value, done} = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "error") throw new ApiError(500, event.message);
      onEvent(event);
    }
  }
}
