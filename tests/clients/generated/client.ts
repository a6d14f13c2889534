// A round trip through a client whose every name and type comes from the description: what does not fit
// does not compile.

import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

const { OTS_BASE = '', OTS_USER, OTS_TOKEN } = process.env;
const TEXT = 'S3cr3t & 100% ümläut';
const api = createClient<paths>({ baseUrl: OTS_BASE });
const account = { Authorization: `Basic ${btoa(`${OTS_USER}:${OTS_TOKEN}`)}` };

/** The data of an answer that succeeded. */
function ok<T>({ data, error }: { data?: T; error?: unknown }): T {
  assert.ok(data !== undefined, JSON.stringify(error));
  return data;
}

const made = ok(await api.POST('/api/v2/secret/conceal', {
  body: { secret: { secret: TEXT, passphrase: 'right', ttl: 3600 } },
  headers: account,
}));
const { identifier: id } = made.record.secret;
const { identifier: receipt } = made.record.receipt;
const reveal = (passphrase: string) => api.POST('/api/v2/secret/{id}/reveal', {
  params: { path: { id } },
  body: { passphrase, continue: true },
});

const wrong: components['schemas']['Error'] | undefined = (await reveal('wrong')).error;
assert.deepEqual([wrong?.message, wrong?.field], ['Incorrect passphrase', 'passphrase']);
const read = ok(await reveal('right'));
assert.equal(read.record.secret_value, TEXT);
const again = await reveal('right');
assert.deepEqual([again.response.status, again.error?.error], [404, 'NotFound']);

const noted = ok(await api.PATCH('/api/v2/receipt/{id}', {
  params: { path: { id: receipt } },
  body: { memo: 'for Ann' },
  headers: account,
}));
assert.deepEqual([noted.record.state, noted.record.memo, noted.record.is_revealed], ['revealed', 'for Ann', 'true']);

const generated = ok(await api.POST('/api/v1/generate', { body: { length: 20 } }));
assert.equal(generated.value?.length, 20);
const burned = ok(await api.POST('/api/v1/private/{key}/burn', { params: { path: { key: generated.metadata_key } } }));
assert.equal(burned.state.state, 'burned');
const recent = ok(await api.GET('/api/v2/receipt/recent', { headers: account }));
assert.ok(recent.records.some((record) => record.identifier === receipt));
