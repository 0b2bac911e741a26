// The package and the page of examples/web in Chromium.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import test from 'node:test';
import * as setting from './setting.js';

const chromium = ['chromium', 'chromium-browser'].find((name) => spawnSync('which', [name]).status === 0);
const kTypes = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const kPlaces = {
  '/page.html': path.join(setting.root, 'wasm/test/browser/page.html'),
  '/examples/index.html': path.join(setting.root, 'examples/web/index.html'),
  '/doodles.safetensors': setting.doodles,
  '/examples/doodles.safetensors': setting.doodles,
  '/digits.safetensors': setting.digits,
};

function fileOf(url) {
  const packaged = url.match(/^(?:\/examples)?\/limn\/((?:js\/)?[\w.-]+)$/);
  return packaged ? path.join(setting.packageFolder, packaged[1]) : kPlaces[url];
}

// The report that the page sends to /result.
async function resultOf(page) {
  let server, browser;
  try {
    return await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('the browser sent nothing for 100 s')), 100_000).unref();
      server = createServer((request, response) => {
        if (request.url === '/result') {
          let body = '';
          request.on('data', (piece) => { body += piece; }).on('end', () => {
            response.end();
            resolve(JSON.parse(body));
          });
          return;
        }
        const file = fileOf(request.url);
        response.writeHead(file ? 200 : 404, { 'Content-Type': kTypes[path.extname(file ?? '')] ?? 'application/octet-stream' });
        response.end(file ? readFileSync(file) : '');
      }).listen(0, '127.0.0.1', () => {
        const profile = path.join(setting.work, 'chromium');
        mkdirSync(profile, { recursive: true });
        browser = spawn(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`,
          `http://127.0.0.1:${server.address().port}${page}`], { stdio: 'ignore' });
        browser.on('error', reject);
      });
    });
  } finally {
    browser?.kill();
    server?.closeAllConnections();
    server?.close();
  }
}

test('the package and the example work in Chromium', { skip: chromium ? false : 'Chromium is not here', timeout: 120_000 },
  async () => {
    const seen = await resultOf('/page.html');
    assert.equal(seen.error, undefined);
    const model = await setting.limn.load(setting.doodles);
    assert.deepEqual(seen.rows, (await model.sample(2, { seed: 9 })).map((d) => [...d.stroke3]));
    assert.ok(seen.longest < seen.drawing / 2, `the page stood still for ${seen.longest} of ${seen.drawing} ms`);
    const digits = await setting.limn.load(setting.digits);
    assert.deepEqual(seen.png, [digits.shape[2], digits.shape[1]]);
    assert.match(seen.refusal, /^page\.html: /);
    assert.match(seen.says, /^The model added [1-9]/);
    assert.ok(seen.red > 20, `${seen.red} red pixels`);
  });
