// Drives a device through particle-api-js as an application would. Started by particle_api_js.rs:
// node api.mjs LIBRARY URL USER PASSWORD DEVICE FUNCTION VARIABLE NEW_DEVICE NEW_KEY ALGORITHM
// Prints a line a step and "all passed" at the end; any failure ends it with a trace.

import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [
    library, baseUrl, username, password, deviceId, name, variableName, newId, newKey, algorithm,
] = process.argv.slice(2);
const Particle = createRequire(import.meta.url)(library);
const particle = new Particle({ baseUrl });
let auth;

async function step(title, work) {
    await work();
    console.log(title);
}

async function refused(work, statusCode) {
    await assert.rejects(work, (error) => {
        assert.equal(error.statusCode, statusCode, JSON.stringify(error.body));
        return true;
    });
}

await step('a wrong password is refused', () =>
    refused(() => particle.login({ username, password: 'wrong' }), 400));

await step('login', async () => {
    const { body } = await particle.login({ username, password });
    assert.equal(typeof body.expires_in, 'number');
    auth = body.access_token;
});

await step('listDevices', async () => {
    const { body } = await particle.listDevices({ auth });
    const device = body.find(({ id }) => id === deviceId);
    assert.equal(device?.connected, true);
});

await step('getDevice', async () => {
    const { body } = await particle.getDevice({ deviceId, auth });
    assert.ok(body.functions.includes(name));
    assert.equal(body.variables[variableName], 'double');
});

await step('callFunction', async () => {
    const { body } = await particle.callFunction({ deviceId, name, argument: 'please', auth });
    assert.equal(body.return_value, 42);
});

await step('an unknown function is refused', () =>
    refused(() => particle.callFunction({ deviceId, name: 'nothing', argument: '', auth }), 404));

await step('getVariable', async () => {
    const { body } = await particle.getVariable({ deviceId, name: variableName, auth });
    assert.equal(body.result, 21.5);
});

await step('publishEvent, getEventStream', async () => {
    const stream = await particle.getEventStream({ deviceId: 'mine', name: 'harvest', auth });
    const event = new Promise((resolve) => stream.on('event', resolve));
    await particle.publishEvent({ name: 'harvest', data: 'ripe \u{1f345}', auth });
    const { name: came, data } = await event;
    assert.deepEqual({ came, data }, { came: 'harvest', data: 'ripe \u{1f345}' });
    stream.end();
});

await step('renameDevice', async () => {
    const name = `greenhouse-${deviceId.slice(-4)}`;
    const { body } = await particle.renameDevice({ deviceId, name, auth });
    assert.equal(body.name, name);
});

await step('signalDevice', async () => {
    const { body } = await particle.signalDevice({ deviceId, signal: true, auth });
    assert.equal(body.signaling, true);
});

await step('ping', async () => {
    const { body } = await particle.put({ uri: `/v1/devices/${deviceId}/ping`, auth });
    assert.equal(body.online, true);
});

await step('sendPublicKey', async () => {
    const der = readFileSync(newKey);
    const pem = createPublicKey({ key: der, format: 'der', type: 'spki' })
        .export({ format: 'pem', type: 'spki' });
    await particle.sendPublicKey({ deviceId: newId, key: Buffer.from(pem), algorithm, auth });
});

await step('deleteCurrentAccessToken', async () => {
    await particle.deleteCurrentAccessToken({ auth });
    await refused(() => particle.listDevices({ auth }), 401);
});

console.log('all passed');
process.exit(0);
