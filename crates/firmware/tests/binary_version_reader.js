// Reads real modules and mutated copies of them with the npm package binary-version-reader, and writes each with what
// it made of it: u32 length, bytes, u32 length, JSON. Usage: node THIS FOLDER_OF_PEERS OUT COUNT SEED
const fs = require('fs');
const path = require('path');
const crypto = require('crypto');

const [folder, out, count, seed] = process.argv.slice(2);
const peers = ['particle-cli-3.43', 'particle-cli-3.51'].map((name) => path.join(folder, name, 'node_modules'));
const reader = require(path.join(peers[1], 'binary-version-reader'));

let state = BigInt(seed) + 1n;
function random(below) {
	state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
	return Number((state >> 33n) % BigInt(below));
}

function modulesUnder(at) {
	return fs.readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
		const file = path.join(at, entry.name);
		if (entry.isDirectory()) {
			return modulesUnder(file);
		}
		return entry.name.endsWith('.bin') ? [file] : [];
	});
}

function seal(data) {
	if (data.length >= 60) {
		reader.updateModuleSha256(data);
		reader.updateModuleCrc32(data);
	}
	return data;
}

function mutate(original) {
	let data = Buffer.from(original);
	const changes = 1 + random(3);
	for (let i = 0; i < changes; i++) {
		const kind = random(20);
		const end = data.length;
		if (kind < 5) {
			data[random(24)] = random(256);
		} else if (kind < 10) {
			data[end - 1 - random(Math.min(80, end))] = random(256);
		} else if (kind < 15) {
			data[random(end)] ^= 1 << random(8);
		} else if (kind < 18) {
			data[12 + random(4)] = random(16);
		} else if (kind < 19 && end > 200) {
			data = data.subarray(0, end - random(100));
		} else {
			data = Buffer.concat([data, crypto.createHash('md5').update(String(random(1e9))).digest()]);
		}
	}
	return random(2) ? seal(Buffer.from(data)) : Buffer.from(data);
}

async function variants(plain) {
	const asset = await reader.createAssetModule(plain.subarray(0, 600), 'asset-' + plain.length + '.txt');
	const loose = await reader.createAssetModule(plain.subarray(0, 300), 'b', { compress: false });
	const made = [asset, loose];
	const info = await new reader.HalModuleParser().parseBuffer({ fileBuffer: plain });
	if (info.prefixInfo.prefixOffset === 0) {
		made.push(await reader.compressModule(plain));
		const hash = crypto.createHash('sha256').update('x').digest('hex');
		try {
			made.push(await reader.updateModuleAssetDependencies(plain, [{ hash, name: 'cat.jpg' }]));
		} catch (error) {
			// Not every platform has assets.
		}
	}
	made.push(await reader.combineModules([plain, loose]));
	return made;
}

async function verdict(data) {
	try {
		const info = await new reader.HalModuleParser().parseBuffer({ fileBuffer: Buffer.from(data) });
		const { prefixInfo: prefix, suffixInfo: suffix } = info;
		const named = [...(suffix.extensions || []), ...(prefix.extensions || [])].filter((one) => one.name);
		return {
			crc: info.crc.ok,
			offset: prefix.prefixOffset,
			start: parseInt(prefix.moduleStartAddy, 16),
			end: parseInt(prefix.moduleEndAddy, 16),
			flags: prefix.moduleFlags,
			platform: prefix.platformID,
			version: prefix.moduleVersion,
			function: prefix.moduleFunction,
			index: prefix.moduleIndex,
			dependencies: [
				[prefix.depModuleFunction, prefix.depModuleIndex, prefix.depModuleVersion],
				[prefix.dep2ModuleFunction, prefix.dep2ModuleIndex, prefix.dep2ModuleVersion],
			],
			suffix: suffix.suffixSize,
			sha256: suffix.fwUniqueId,
			product: suffix.productId,
			product_version: suffix.productVersion,
			names: named.map((one) => one.name),
		};
	} catch (error) {
		return { refused: String(error.message) };
	}
}

function length(data) {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(data.length);
	return bytes;
}

async function main() {
	const files = peers.flatMap((peer) => modulesUnder(path.join(peer, 'particle-cli/assets/knownApps')));
	const real = files.sort().map((file) => fs.readFileSync(file));
	const made = [];
	for (const plain of real) {
		made.push(...(await variants(plain)));
	}
	// Small ones are mutated, so that the file of them all stays one.
	const small = real.concat(made).filter((data) => data.length < 13000);
	const stream = fs.openSync(out, 'w');
	const write = async (what, data) => {
		const said = Buffer.from(JSON.stringify({ what, ...(await verdict(data)) }));
		fs.writeSync(stream, Buffer.concat([length(data), data, length(said), said]));
	};
	for (const data of real) {
		await write('real', data);
	}
	for (const data of made) {
		await write('made', data);
	}
	for (let i = 0; i < Number(count); i++) {
		await write('mutated', mutate(small[random(small.length)]));
	}
	fs.closeSync(stream);
}

main();
