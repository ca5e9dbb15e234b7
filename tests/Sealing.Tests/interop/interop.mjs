// Reads and writes envelopes with an independent implementation of HPKE, from docs/spec/envelope.md alone.
// Standard input: { "open": [{ envelope, public, private }], "seal": [{ description, encoding, password, public, ephemeralPublic?, ephemeralPrivate? }] }
// Standard output: { "opened": [{ encoding, password, description } or { failure }], "sealed": [envelope] }. Bytes are hexadecimal.
import { createHash } from "node:crypto";
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";

const info = new TextEncoder().encode("passwordsync/envelope/1");
const encodings = { "utf-16le": 1, "utf-8": 2 };
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

const bytes = (text) => Buffer.from(text, "hex");

function jwk(point, scalar) {
  const base = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  return scalar ? { ...base, d: scalar.toString("base64url"), key_ops: ["deriveBits"] } : { ...base, key_ops: [] };
}

async function keyPair(point, scalar) {
  return {
    publicKey: await suite.kem.importKey("jwk", jwk(bytes(point)), true),
    privateKey: await suite.kem.importKey("jwk", jwk(bytes(point), bytes(scalar)), false),
  };
}

function writeDescription(description) {
  const fixed = Buffer.alloc(28);
  bytes(description.captureId.replaceAll("-", "")).copy(fixed, 0);
  fixed.writeBigUInt64LE(BigInt(description.captureTime), 16);
  fixed.writeUInt32LE(description.rid, 24);
  const short = [description.cluster, description.source, description.dc].map((text) => {
    const encoded = Buffer.from(text, "utf8");
    return Buffer.concat([Buffer.of(encoded.length), encoded]);
  });
  const name = Buffer.from(description.accountName, "utf8");
  const nameLength = Buffer.alloc(2);
  nameLength.writeUInt16LE(name.length);
  return Buffer.concat([fixed, ...short, nameLength, name]);
}

function readDescription(data) {
  const id = data.toString("hex", 0, 16);
  let at = 28;
  const short = [];
  for (let field = 0; field < 3; field++) {
    short.push(data.toString("utf8", at + 1, at + 1 + data[at]));
    at += 1 + data[at];
  }
  return {
    captureId: [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join("-"),
    captureTime: data.readBigUInt64LE(16).toString(),
    rid: data.readUInt32LE(24),
    cluster: short[0],
    source: short[1],
    dc: short[2],
    accountName: data.toString("utf8", at + 2, at + 2 + data.readUInt16LE(at)),
  };
}

async function open({ envelope, public: point, private: scalar }) {
  const data = bytes(envelope);
  const headerLength = 20 + data.readUInt16LE(18);
  try {
    const recipient = await suite.createRecipientContext({
      recipientKey: await keyPair(point, scalar),
      enc: data.subarray(headerLength, headerLength + 65),
      info,
    });
    const plaintext = Buffer.from(await recipient.open(data.subarray(headerLength + 65), data.subarray(0, headerLength)));
    const encoding = Object.keys(encodings).find((name) => encodings[name] === plaintext[0]);
    const end = 3 + plaintext.readUInt16LE(1);
    return { encoding, password: plaintext.toString("hex", 3, end), description: readDescription(data.subarray(20, headerLength)) };
  } catch (error) {
    return { failure: error.constructor.name };
  }
}

async function seal(request) {
  const point = bytes(request.public);
  const description = writeDescription(request.description);
  const header = Buffer.alloc(20);
  header[0] = 1;
  header[1] = 1;
  createHash("sha256").update(point).digest().copy(header, 2, 0, 16);
  header.writeUInt16LE(description.length, 18);

  const password = bytes(request.password);
  const plaintext = Buffer.alloc(1024);
  plaintext[0] = encodings[request.encoding];
  plaintext.writeUInt16LE(password.length, 1);
  password.copy(plaintext, 3);

  const aad = Buffer.concat([header, description]);
  const ekm = request.ephemeralPrivate ? await keyPair(request.ephemeralPublic, request.ephemeralPrivate) : undefined;
  const recipientPublicKey = await suite.kem.importKey("jwk", jwk(point), true);
  const sender = await suite.createSenderContext({ recipientPublicKey, info, ekm });
  const ciphertext = Buffer.from(await sender.seal(plaintext, aad));
  return Buffer.concat([aad, Buffer.from(sender.enc), ciphertext]).toString("hex");
}

let input = "";
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk;
const requests = JSON.parse(input);
const opened = [];
for (const request of requests.open) opened.push(await open(request));
const sealed = [];
for (const request of requests.seal) sealed.push(await seal(request));
process.stdout.write(JSON.stringify({ opened, sealed }));
