// The npm package `onetimesecret-api`, unmodified: everything it can do. Its manifest names a file that
// only TypeScript can load, so its compiled one is named here.

const assert = require('node:assert/strict');
const { NotAuthorizedError, OneTimeSecretApi, UnknownSecretError } = require('onetimesecret-api/index.js');

const { OTS_BASE: url, OTS_USER: user, OTS_TOKEN: token } = process.env;
const TEXT = 'S3cr3t & 100% ümläut';

async function main() {
  const api = new OneTimeSecretApi(user, token, { url });
  assert.equal(await api.status(), true);

  const shared = await api.share(TEXT, { ttl: 3600, passphrase: 'right' });
  assert.equal(shared.share_link, `${url}/secret/${shared.secret_key}`);
  assert.deepEqual([shared.custid, shared.ttl, shared.passphrase_required], [user, 3600, true]);
  await assert.rejects(api.retrieveSecret(shared.secret_key, { passphrase: 'wrong' }), UnknownSecretError);
  const read = await api.retrieveSecret(shared.secret_key, { passphrase: 'right' });
  assert.equal(read.value, TEXT);
  await assert.rejects(api.retrieveSecret(shared.secret_key, { passphrase: 'right' }), UnknownSecretError);

  const generated = await api.generate();
  assert.equal((await api.retrieveMetadata(generated.metadata_key)).state, 'new');
  assert.equal((await api.retrieveSecret(generated.secret_key)).value, generated.value);
  const receipt = await api.retrieveMetadata(generated.metadata_key);
  assert.deepEqual([receipt.state, receipt.secret_key], ['received', undefined]);
  assert.equal(typeof receipt.received, 'number');

  const kept = await api.share('never to be read');
  const burned = await api.burn(kept.metadata_key);
  assert.equal(burned.state.state, 'burned');
  assert.ok(kept.secret_key.startsWith(burned.secret_shortkey));
  await assert.rejects(api.burn(kept.metadata_key), UnknownSecretError);

  const recent = await api.recentMetadata();
  const mine = recent.find((line) => line.metadata_key === kept.metadata_key);
  assert.deepEqual([mine.state, mine.secret_key], ['burned', undefined]);

  const stranger = new OneTimeSecretApi('nobody@example.com', '0'.repeat(40), { url });
  await assert.rejects(stranger.recentMetadata(), NotAuthorizedError);
}

main().catch((error) => {
  console.error(String(error.stack).replaceAll('\n', ' '));
  process.exitCode = 1;
});
