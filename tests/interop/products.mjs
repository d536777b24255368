// Runs a product through particle-api-js as a company's back end would. Started by products.rs:
// node products.mjs LIBRARY URL USER PASSWORD PRODUCT DEVICE OTHER_DEVICE MODULE
// The device runs version 3 of the product, and MODULE is version 3. Prints "all passed" at the end.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [library, baseUrl, username, password, product, deviceId, otherId, file] =
    process.argv.slice(2);
const Particle = createRequire(import.meta.url)(library);
const particle = new Particle({ baseUrl });
const { body: { access_token: auth } } = await particle.login({ username, password });
const version = 3;

async function step(title, work) {
    await work();
    console.log(title);
}

async function refused(work, statusCode, text) {
    await assert.rejects(work, (error) => {
        assert.equal(error.statusCode, statusCode, JSON.stringify(error.body));
        assert.match(error.errorDescription, text);
        return true;
    });
}

async function listed() {
    const { body } = await particle.listDevices({ product, perPage: 10, page: 1, auth });
    assert.equal(body.meta.total_pages, 1);
    return body.devices.map(({ id }) => id);
}

await step('listProducts, getProduct', async () => {
    const { body: { products } } = await particle.listProducts({ auth });
    const { body: { product: one } } = await particle.getProduct({ product, auth });
    assert.deepEqual(products, [one]);
    const { body: { product: bySlug } } = await particle.getProduct({ product: one.slug, auth });
    assert.equal(bySlug.id, Number(product));
});

await step('addDeviceToProduct, listDevices, getDevice', async () => {
    const { body: added } = await particle.addDeviceToProduct({ deviceId, product, auth });
    assert.deepEqual(added.updatedDeviceIds, [deviceId]);
    const ids = Buffer.from(`${deviceId}\r\n${otherId}\r\nnonsense\r\n`);
    const { body } = await particle.addDeviceToProduct({ file: ids, product, auth });
    assert.deepEqual(
        [body.updatedDeviceIds, body.existingDeviceIds, body.invalidDeviceIds],
        [[otherId], [deviceId], ['nonsense']]);
    assert.deepEqual(await listed(), [deviceId, otherId]);
    const { body: one } = await particle.getDevice({ deviceId, product, auth });
    assert.deepEqual([one.product_id, one.firmware_version], [Number(product), version]);
});

await step('markAsDevelopmentDevice', async () => {
    for (const development of [true, false]) {
        const { body } =
            await particle.markAsDevelopmentDevice({ deviceId, development, product, auth });
        assert.equal(body.development, development);
    }
});

await step('uploadProductFirmware, listProductFirmware, getProductFirmware', async () => {
    const upload = { file, version, title: 'Third', description: 'of three', product, auth };
    const { body, statusCode } = await particle.uploadProductFirmware(upload);
    assert.deepEqual([statusCode, body.version, body.title], [201, version, 'Third']);
    await refused(() => particle.uploadProductFirmware(upload), 400, /has version 3 already/);
    const other = { ...upload, version: 4 };
    await refused(() => particle.uploadProductFirmware(other), 400, /version/);
    const { body: all } = await particle.listProductFirmware({ product, auth });
    const { body: one } = await particle.getProductFirmware({ version, product, auth });
    assert.deepEqual([all.length, all[0].title, one.description], [1, 'Third', 'of three']);
});

await step('updateProductFirmware', async () => {
    const { body } = await particle.updateProductFirmware({ version, title: 'Tertia', product, auth });
    assert.deepEqual([body.title, body.description], ['Tertia', 'of three']);
});

await step('downloadProductFirmware', async () => {
    const bytes = await particle.downloadProductFirmware({ version, product, auth });
    assert.ok(readFileSync(file).equals(Buffer.from(bytes)));
});

await step('enableMfa, confirmMfa: what decides over others asks for a fresh second factor', async () => {
    const release = { version, product, product_default: true, auth };
    await refused(() => particle.releaseProductFirmware(release), 403, /second factor/);
    const { body: offer } = await particle.enableMfa({ auth });
    const otp = code(offer.secret);
    const { body } = await particle.confirmMfa({ mfaToken: offer.mfa_token, otp, auth });
    assert.equal(body.enrolled, true);
});

// RFC 6238 of a seed in Base32.
function code(secret) {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const seed = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
    const tag = createHmac('sha1', seed).update(step).digest();
    const word = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
    return String(word % 1_000_000).padStart(6, '0');
}

await step('listTeamMembers, inviteTeamMember, removeTeamMember', async () => {
    const team = async () => (await particle.listTeamMembers({ product, auth })).body.team;
    const [owner, ...others] = await team();
    assert.deepEqual([owner.username, owner.role.name, others], [username, 'Owner', []]);
    const nobody = { username: 'nobody@example.com', product, auth };
    await refused(() => particle.inviteTeamMember(nobody), 400, /no account/);
    await refused(() => particle.removeTeamMember(nobody), 404, /no such member/);

    const uri = `/v1/products/${product}/team`;
    const data = { friendly_name: 'line 3', scopes: ['devices:list', 'products:get'] };
    const { body: { created } } = await particle.post({ uri, data, auth });
    const token = created.tokens[0].token;
    const { body } = await particle.listDevices({ product, auth: token });
    assert.equal(body.devices.length, 2);
    await refused(() => particle.listProductFirmware({ product, auth: token }), 403, /firmware:list/);
    await refused(() => particle.listDevices({ auth: token }), 403, /not allowed/);
    const [, service] = await team();
    assert.deepEqual([service.is_programmatic, service.friendly_name], [true, 'line 3']);
    await particle.removeTeamMember({ username: created.username, product, auth });
    await refused(() => particle.listDevices({ product, auth: token }), 401, /invalid/);
    assert.equal((await team()).length, 1);
});

await step('releaseProductFirmware', async () => {
    const stream = await particle.getEventStream({ deviceId: 'mine', name: 'particle/firmware', auth });
    const event = new Promise((resolve) => stream.on('event', resolve));
    const { body } = await particle.releaseProductFirmware(
        { version, product, product_default: true, groups: ['beta'], intelligent: true, auth });
    assert.deepEqual([body.product_default, body.groups, body.intelligent], [true, ['beta'], true]);
    const { name, data } = await event;
    assert.deepEqual([name, JSON.parse(data).version], ['particle/firmware/release', version]);
    stream.end();
});

await step('lockDeviceProductFirmware, unlockDeviceProductFirmware', async () => {
    const lock = { deviceId, product, desiredFirmwareVersion: version, flash: true, auth };
    const { body: locked } = await particle.lockDeviceProductFirmware(lock);
    assert.equal(locked.desired_firmware_version, version);
    const { body: free } =
        await particle.unlockDeviceProductFirmware({ deviceId, product, auth });
    assert.equal(free.desired_firmware_version, null);
});

await step('removeDevice', async () => {
    const { statusCode } = await particle.removeDevice({ deviceId: otherId, product, auth });
    assert.equal(statusCode, 204);
    assert.deepEqual(await listed(), [deviceId]);
    await refused(() => particle.removeDevice({ deviceId: otherId, product, auth }), 404, /not found/);
});

console.log('all passed');
process.exit(0);
