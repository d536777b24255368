// Two peers built on the npm package @brewskey/spark-protocol, which is a server for Core and Photon. Started by
// spark_protocol.rs:
//   node spark.mjs server LIBRARY FOLDER   its server: makes its key in FOLDER, takes devices whose public keys lie
//                                          there as ID.der, and asks each for its function and its variable
//   node spark.mjs device LIBRARY FOLDER HOST PORT ID
//                                          a device of its streams and messages: the key pair in FOLDER is
//                                          device_key.der and server.der; publishes one event
// Prints a line a step; any failure ends it with a trace.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const [mode, library, folder, ...rest] = process.argv.slice(2);
const require = createRequire(join(library, 'dist/index.js'));
const part = (name) => require(join(library, 'dist', name)).default;
const CryptoManager = part('lib/CryptoManager.js');
const CoapMessages = part('lib/CoapMessages.js');
const inFolder = (name) => join(folder, name);
const pem = (key, type) => key.export({ format: 'pem', type });

async function manager(privateKey, keyOf) {
    const crypto = new CryptoManager(
        { getByID: async (id) => ({ key: keyOf(id) }) },
        { getPrivateKey: async () => pem(privateKey, 'pkcs1') },
    );
    // It reads its key when it likes.
    while (!crypto._serverPrivateKey) await setImmediate();
    return crypto;
}

async function server() {
    const { default: Device, DEVICE_STATUS_MAP } = require(join(library, 'dist/clients/Device.js'));
    const Handshake = part('lib/Handshake.js');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(inFolder('server.pem'), pem(publicKey, 'spki'));
    const keyOf = (id) => {
        const der = readFileSync(inFolder(`${id}.der`));
        return pem(createPublicKey({ key: der, format: 'der', type: 'spki' }), 'spki').trim();
    };
    const crypto = await manager(privateKey, keyOf);
    const listener = createServer(async (socket) => {
        const device = new Device(socket, '1', new Handshake(crypto, false));
        const id = await device.startProtocolInitialization();
        console.log(`${id} shook hands`);
        // What it asks of 3.x, that refuses.
        if (id.endsWith('3')) return socket.destroy();
        await device.completeProtocolInitialization();
        device.setStatus(DEVICE_STATUS_MAP.READY);
        assert.equal(await device.callFunction('answer', { arg: 'please' }), 42);
        assert.equal(await device.getVariableValue('temperature'), 21.5);
        console.log(`${id} answered`);
    });
    listener.listen(0, '127.0.0.1', () => console.log(`listening on ${listener.address().port}`));
}

async function device() {
    const [host, port, id] = rest;
    const NodeRSA = require('node-rsa');
    const ChunkingStream = part('lib/ChunkingStream.js');
    const options = { encryptionScheme: 'pkcs1', signingScheme: 'pkcs1', environment: 'browser' };
    const own = createPrivateKey({
        key: readFileSync(inFolder('device_key.der')), format: 'der', type: 'pkcs1',
    });
    const cloud = createPublicKey({
        key: readFileSync(inFolder('server.der')), format: 'der', type: 'spki',
    });
    const ownKey = new NodeRSA(pem(own, 'pkcs1'), 'pkcs1-private-pem', options);
    const cloudKey = new NodeRSA(pem(cloud, 'spki'), 'pkcs8-public-pem', options);
    const crypto = await manager(own, () => undefined);
    const socket = connect(Number(port), host);
    const exactly = async (length) => {
        let bytes;
        while ((bytes = socket.read(length)) === null) await once(socket, 'readable');
        return bytes;
    };
    const nonce = await exactly(40);
    const spki = createPublicKey(own).export({ format: 'der', type: 'spki' });
    socket.write(cloudKey.encrypt(Buffer.concat([nonce, Buffer.from(id, 'hex'), spki])));
    const ciphertext = await exactly(128);
    const signature = await exactly(256);
    const credentials = ownKey.decrypt(ciphertext);
    assert.deepEqual(
        cloudKey.decryptPublic(signature), crypto.createHmacDigest(ciphertext, credentials),
    );
    console.log('shook hands');

    const name = () => id;
    const toCloud = crypto.createAESCipherStream(credentials, name);
    const chunkingOut = new ChunkingStream({ outgoing: true });
    toCloud.pipe(chunkingOut).pipe(socket);
    const fromCloud = crypto.createAESDecipherStream(credentials, name);
    const chunkingIn = new ChunkingStream({ outgoing: false });
    socket.pipe(chunkingIn).pipe(fromCloud);
    // One past the salt: as old firmware reads it.
    let next = credentials.readUInt16BE(32);
    const say = (message, params, data) => {
        next = (next + 1) & 0xffff;
        toCloud.write(CoapMessages.wrap(message, next, params, null, data, null));
    };
    const hello = Buffer.from([0, 6, 0, 1, 0, 0, 0, 6]);
    say('Hello', null, hello);
    const [first] = await once(fromCloud, 'data');
    assert.equal(CoapMessages.getRequestType(CoapMessages.unwrap(first)), 'Hello');
    console.log('the cloud said hello');
    say('PrivateEvent', { event_name: 'peer' }, Buffer.from('came in'));
}

await (mode === 'server' ? server() : device());
