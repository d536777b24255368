// Makes, protects, changes and ends an account through particle-api-js. Started by people.rs:
// node people.mjs LIBRARY URL USER PASSWORD
// Prints a line a step and "all passed" at the end; any failure ends it with a trace.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

const [library, baseUrl, username, password] = process.argv.slice(2);
const Particle = createRequire(import.meta.url)(library);
const particle = new Particle({ baseUrl });
const another = 'a longer one than the first of them';
let auth, seed, recovery;

async function step(title, work) {
    await work();
    console.log(title);
}

async function refused(work, statusCode, code) {
    let body;
    await assert.rejects(work, (error) => {
        ({ body } = error);
        assert.equal(error.statusCode, statusCode, JSON.stringify(body));
        if (code) assert.equal(body.error, code);
        return true;
    });
    return body;
}

function bytesOf(base32) {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...base32].map((one) => letters.indexOf(one).toString(2).padStart(5, '0')).join('');
    return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

function code(ahead = 0) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + ahead));
    const tag = createHmac('sha1', seed).update(counter).digest();
    const word = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
    return String(word % 1000000).padStart(6, '0');
}

await step('a weak password is refused', () =>
    refused(() => particle.createUser({ username, password: 'password1' }), 400));

await step('createUser', () =>
    particle.createUser({ username, password, accountInfo: { first_name: 'Grace' } }));

await step('login', async () => {
    const { body } = await particle.login({ username, password });
    auth = body.access_token;
});

await step('setUserInfo keeps nothing', async () => {
    await particle.setUserInfo({ accountInfo: { first_name: 'Grace' }, auth });
    const { body } = await particle.getUserInfo({ auth });
    assert.deepEqual(body.account_info, {});
    assert.equal(body.mfa.enabled, false);
});

await step('trackingIdentity', async () => {
    const { body } = await particle.trackingIdentity({ auth, full: false });
    assert.equal(body.email, username);
});

await step('enableMfa', async () => {
    const { body } = await particle.enableMfa({ auth });
    seed = bytesOf(body.secret);
    assert.ok(body.qr_url.startsWith('otpauth://totp/'));
    await refused(() => particle.confirmMfa({ mfaToken: body.mfa_token, otp: '000000', auth }), 400);
    const confirmed = await particle.confirmMfa({ mfaToken: body.mfa_token, otp: code(), auth });
    assert.equal(confirmed.body.enrolled, true);
    recovery = confirmed.body.recovery_codes;
    assert.equal(recovery.length, 10);
});

await step('login with a second factor', async () => {
    const { mfa_token: mfaToken } =
        await refused(() => particle.login({ username, password }), 403, 'mfa_required');
    await refused(() => particle.sendOtp({ mfaToken, otp: '000000' }), 400, 'invalid_grant');
    const { body } = await particle.sendOtp({ mfaToken, otp: code(1) });
    auth = body.access_token;
    const user = await particle.getUserInfo({ auth });
    assert.equal(user.body.mfa.enabled, true);
});

await step('changeUserPassword', async () => {
    await refused(() => particle.changeUserPassword({ currentPassword: 'wrong', password: another, auth }), 400);
    await particle.changeUserPassword({ currentPassword: password, password: another, auth });
});

await step('changeUsername ends all logins when asked to', async () => {
    const name = `new-${username}`;
    await particle.changeUsername({ currentPassword: another, username: name, invalidateTokens: true, auth });
    await refused(() => particle.getUserInfo({ auth }), 401);
    const { mfa_token: mfaToken } =
        await refused(() => particle.login({ username: name, password: another }), 403, 'mfa_required');
    const { body } = await particle.sendOtp({ mfaToken, otp: recovery[0] });
    auth = body.access_token;
});

await step('disableMfa', async () => {
    await particle.disableMfa({ currentPassword: another, auth });
    await particle.login({ username: `new-${username}`, password: another });
});

await step('resetPassword', async () => {
    const { body } = await particle.resetPassword({ username });
    assert.match(body.message, /operator/);
});

await step('deleteUser', async () => {
    await particle.deleteUser({ password: another, auth });
    await refused(() => particle.getUserInfo({ auth }), 401);
    await refused(() => particle.login({ username: `new-${username}`, password: another }), 400, 'invalid_grant');
});

console.log('all passed');
