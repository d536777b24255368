// A server for TCP devices of the npm package @brewskey/spark-protocol, for the benchmark beside ours:
//   node peer.mjs LIBRARY KEY   KEY: the server's private key, DER
// Takes every device with the public key that it brings. Prints the port, and then a line for each device that it has
// greeted.

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const [library, file] = process.argv.slice(2);
const require = createRequire(join(library, 'dist/index.js'));
const part = (name) => require(join(library, 'dist', name)).default;
const CryptoManager = part('lib/CryptoManager.js');
const Handshake = part('lib/Handshake.js');
const { default: Device, DEVICE_STATUS_MAP } = require(join(library, 'dist/clients/Device.js'));

function read(der) {
    for (const type of ['pkcs1', 'pkcs8']) {
        try {
            return createPrivateKey({ key: der, format: 'der', type });
        } catch { /* the other */ }
    }
    throw new Error(`${file} is no private key`);
}

const key = read(readFileSync(file));
const crypto = new CryptoManager(
    { getByID: async () => null, updateByID: async () => null, create: async () => null },
    { getPrivateKey: async () => key.export({ format: 'pem', type: 'pkcs1' }) },
);
// It reads its key when it likes.
while (!crypto._serverPrivateKey) await setImmediate();

let greeted = 0;
const listener = createServer(async (socket) => {
    try {
        const device = new Device(socket, String(greeted), new Handshake(crypto, true));
        await device.startProtocolInitialization();
        // It says hello at once. Its own question what a device is need not be answered.
        device.completeProtocolInitialization().catch(() => {});
        device.setStatus(DEVICE_STATUS_MAP.READY);
        greeted += 1;
        console.log(`greeted ${greeted}`);
    } catch {
        // One that went away: it will come again.
        socket.destroy();
    }
});
listener.listen(0, '127.0.0.1', () => console.log(`listening on ${listener.address().port}`));
