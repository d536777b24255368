// Registers OAuth clients and makes customers through particle-api-js, as a company's back end would. Started by
// oauth.rs: node oauth.mjs LIBRARY URL USER PASSWORD PRODUCT DEVICE
// DEVICE is of PRODUCT and nobody's. Prints "all passed" at the end.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [library, baseUrl, username, password, product, deviceId] = process.argv.slice(2);
const Particle = createRequire(import.meta.url)(library);
const particle = new Particle({ baseUrl });
const { body: { access_token: auth } } = await particle.login({ username, password });

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

/** The library as this client. */
function as({ id, secret }) {
    return new Particle({ baseUrl, clientId: id, clientSecret: secret });
}

let own;
await step('createOAuthClient, loginAsClientOwner', async () => {
    const asked = { name: 'back end', type: 'web', redirect_uri: 'https://app.example/back', auth };
    const { body } = await particle.createOAuthClient(asked);
    own = body.client;
    assert.deepEqual([own.name, own.type, own.redirect_uri], ['back end', 'web', asked.redirect_uri]);
    const { body: { access_token: token } } = await as(own).loginAsClientOwner({});
    const { body: devices } = await particle.listDevices({ auth: token });
    assert.ok(Array.isArray(devices));
});

await step('listOAuthClients, updateOAuthClient, deleteOAuthClient', async () => {
    await particle.updateOAuthClient({ clientId: own.id, name: 'front end', auth });
    const { body: { clients } } = await particle.listOAuthClients({ auth });
    assert.deepEqual(clients.map(({ id, name, secret }) => [id, name, secret]),
        [[own.id, 'front end', undefined]]);
    const { statusCode } = await particle.deleteOAuthClient({ clientId: own.id, auth });
    assert.equal(statusCode, 204);
    await refused(() => as(own).loginAsClientOwner({}), 400);
});

let ofProduct;
await step('createOAuthClient of a product', async () => {
    const asked = { name: 'shop', type: 'installed', scope: 'customers:create', product, auth };
    const { body } = await particle.createOAuthClient(asked);
    ofProduct = body.client;
    const { body: { clients } } = await particle.listOAuthClients({ product, auth });
    assert.deepEqual(clients.map(({ id }) => id), [ofProduct.id]);
});

const email = 'kim@example.com';
const secret = 'a good deal of copper';
await step('createCustomer, login as the customer, claimDevice', async () => {
    const shop = as(ofProduct);
    const { body, statusCode } = await shop.createCustomer({ email, password: secret, product });
    assert.deepEqual([statusCode, typeof body.refresh_token], [201, 'string']);
    await refused(() => shop.createCustomer({ email, password: secret, product }), 409);
    await refused(() => shop.login({ username: email, password: 'wrong' }), 400);
    const { body: login } = await shop.login({ username: email, password: secret });
    const customer = login.access_token;
    const { body: user } = await particle.getUserInfo({ auth: customer });
    assert.equal(user.username, email);
    await particle.claimDevice({ deviceId, auth: customer });
    const { body: devices } = await particle.listDevices({ auth: customer });
    assert.deepEqual(devices.map(({ id }) => id), [deviceId]);
    await refused(() => particle.listOAuthClients({ auth: customer }), 403);
    await refused(() => particle.login({ username: email, password: secret }), 400);
});

await step('deleteAccessToken, deleteActiveAccessTokens', async () => {
    const { body: { access_token: token } } = await particle.login({ username, password });
    await particle.deleteAccessToken({ token });
    await refused(() => particle.listDevices({ auth: token }), 401);
    await particle.deleteActiveAccessTokens({ auth });
    await refused(() => particle.listDevices({ auth }), 401);
});

console.log('all passed');
process.exit(0);
