// Makes, edits, lists and removes webhooks through particle-api-js, as an application would. Started by webhooks.rs:
// node webhooks.mjs LIBRARY URL USER PASSWORD RECEIVER
// Prints a line a step and "all passed" at the end; any failure ends it with a trace.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [library, baseUrl, username, password, url] = process.argv.slice(2);
const Particle = createRequire(import.meta.url)(library);
const particle = new Particle({ baseUrl });
const { body: { access_token: auth } } = await particle.login({ username, password });

async function step(title, work) {
    await work();
    console.log(title);
}

await step('createWebhook, listWebhooks, deleteWebhook', async () => {
    const { body } = await particle.createWebhook({
        event: 'first', url, auth, rejectUnauthorized: true, noDefaults: true, hook: {
            method: 'PUT', auth: { username: 'u', password: 'p' }, headers: { h: 'v' },
            query: { q: '1' }, json: { a: 1 }, responseTemplate: 'rt', responseEvent: 're',
            errorResponseEvent: 'ee',
        },
    });
    assert.equal(body.ok, true);
    const { body: hooks } = await particle.listWebhooks({ auth });
    assert.deepEqual(hooks.map(({ id, event }) => [id, event]), [[body.id, 'first']]);
    const { statusCode } = await particle.deleteWebhook({ hookId: body.id, auth });
    assert.equal(statusCode, 204);
});

await step('createIntegration, editIntegration, listIntegrations', async () => {
    const { body: { id: integrationId } } = await particle.createIntegration({
        event: 'second', settings: { integration_type: 'Webhook', url }, auth,
    });
    await particle.editIntegration({
        integrationId, event: 'temp', settings: {
            integration_type: 'Webhook', url, json: { a: '{{{PARTICLE_EVENT_VALUE}}}' },
            noDefaults: true, auth: { username: 'u', password: 'p' },
        }, auth,
    });
    const { body: [one] } = await particle.listIntegrations({ auth });
    assert.deepEqual([one.id, one.event], [integrationId, 'temp']);

    const stream = await particle.getEventStream({ deviceId: 'mine', name: 'hook-response', auth });
    const answer = new Promise((resolve) => stream.on('event', resolve));
    await particle.publishEvent({ name: 'temp', data: '21.5', auth });
    const { name, data } = await answer;
    assert.deepEqual({ name, data }, { name: 'hook-response/temp/0', data: 'thanks' });
    stream.end();
    await particle.deleteIntegration({ integrationId, auth });
    assert.deepEqual((await particle.listIntegrations({ auth })).body, []);
});

console.log('all passed');
process.exit(0);
