// The other end of OtherThread (host.js): an engine that answers messages {id, method, args}.
import { Engine, LimnError } from './engine.js';

let engine = null;

async function answer({ id, method, args }, post) {
  try {
    if (method === 'start') {
      engine = await Engine.start(args[0]);
      post({ id, value: true });
    } else {
      post({ id, value: engine[method](...args) });
    }
  } catch (error) {
    post({ id, error: String(error?.message ?? error), isOurs: error instanceof LimnError });
  }
}

if (typeof self === 'undefined') {
  const { parentPort } = await import('node:worker_threads');
  parentPort.on('message', (message) => answer(message, (reply) => parentPort.postMessage(reply)));
} else {
  self.onmessage = ({ data }) => answer(data, (reply) => self.postMessage(reply));
}
