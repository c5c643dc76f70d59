import { RestartMode } from '../../../services/process-control.ts';
import { adapters } from './ports.ts';
import {
  address,
  callback,
  fields,
  flag,
  list,
  number,
  objectOrAddress,
  oneOf,
  orObject,
  part,
  record,
  rule,
  secret,
  some,
  text,
  whole,
} from './rules.ts';

/** Longest delay that every host's timers support, milliseconds. */
const maxTimerMs = 2 ** 31 - 1;
const dayMs = 24 * 3_600_000;
/** Largest size of an MQTT packet (MQTT 5 section 1.5.5, MQTT 3.1.1 section 2.2.3), bytes. */
const maxPacketBytes = 268_435_455;

const waitMs = number(1, maxTimerMs);
const path = text('the path of a file', /^[^\0]+$/);
const inUnitFolder = text(
  "a path inside the unit's folder, relative to it, with / between its parts",
  /^(?!\/|[A-Za-z]:)(?!(.*\/)?\.\.(\/|$))[^\\\0]+$/s,
);
const broker = address("a broker's address, such as mqtts://host:8883", ['mqtt', 'mqtts', 'ws', 'wss']);
const publicKey = secret(
  'an Ed25519 public key: PEM, or its 32 bytes in base64',
  /-----BEGIN PUBLIC KEY-----|^\s*[\w+/-]{43}=?\s*$/,
);
const pem = secret('a text in PEM');

const mqtt = fields({
  protocol: oneOf('auto', 5, 4),
  brokers: list(broker, 1),
  tls: fields({ ca: some(pem), cert: pem, key: pem, serverName: text("a host's name", /^[^\s/]+$/) }),
  // More than a day would keep the unit offline without a benefit for the broker.
  spreadMs: number(0, dayMs),
  timeoutMs: waitMs,
  fastPath: flag,
});

const qos = oneOf(0, 1, 2);
const keep = oneOf('latest', 'queue', 'none');
const policy = orObject(
  keep,
  fields(
    {
      whenFull: oneOf('dropOldest', 'rejectNew'),
      messages: whole(1),
      yields: flag,
      storeAfterMs: number(0, dayMs),
      qos,
    },
    { keep },
  ),
);
const rate = orObject(
  rule('false, or an object with messages, bytes and burst', (given) => given === false),
  fields({ messages: number(0.001, 1_000_000), bytes: number(1, Number.MAX_SAFE_INTEGER), burst: whole(1, 1_000_000) }),
);

const outbox = fields({
  messages: whole(1),
  bytes: whole(1),
  ageMs: number(1, Number.MAX_SAFE_INTEGER),
  packetBytes: whole(1, maxPacketBytes),
  qos,
  policies: record(policy),
  rate,
  durable: flag,
  unacknowledgedMs: waitMs,
});

// Shorter than the phase that it is a part of.
const maxInstallMs = 540_000;

const update = fields({
  dataFolders: list(inUnitFolder),
  install: orObject(
    rule('true, false, or an object with withinMs', (given) => typeof given === 'boolean'),
    fields({ withinMs: whole(1, maxInstallMs) }),
  ),
  trustKey: some(publicKey),
  program: inUnitFolder,
  selfTest: fields({ withinMs: waitMs }, { args: list(text('a text', /^[^\0]*$/)) }),
  hosts: list(text('name or name:port', /^[^\s/@]+$/)),
  allowHttp: flag,
  healthTimeoutMs: whole(1, maxTimerMs),
  trialStarts: whole(1, 1_000),
  offlineTrialMs: whole(0),
  ready: callback,
});

const codec = rule(
  'a function of the parsed JSON, or an object with parse or ~standard, such as a schema of zod',
  (given) =>
    typeof given === 'function' ||
    (typeof given === 'object' &&
      given !== null &&
      (('parse' in given && typeof given.parse === 'function') || '~standard' in given)),
);

const document = objectOrAddress('an object of JSON, or the https:, http: or file: address of one', [
  'https',
  'http',
  'file',
]);

/** Rules of a client's options. */
export const optionTable = fields(
  {
    restartMode: oneOf(...Object.values(RestartMode)),
    ntpHost: text("a host's name", /^[^\s/]+$/),
    ffVersionCheckEnable: flag,
    ffWifiManagerEnable: flag,
    ffMqttEnable: flag,
    ffConsoleLogEnable: flag,
    ffMqttLogEnable: flag,
    ffFileLogEnable: flag,
    adapters,
    systemIdPrefix: text('a text', /./),
    inspect: part,
    documents: fields({ env: document, schema: document }),
    mqtt,
    outbox,
    update,
    codecs: record(codec),
  },
  { envFilePath: path, schemaFilePath: path, logFilePath: path },
);

/** Rules of the main cycle's options. */
export const cycleTable = fields({ cycleMs: waitMs });

/** Rules of the limits of a wait. */
export const waitTable = fields({
  timeoutMs: waitMs,
  signal: rule('an AbortSignal', (given) => given instanceof AbortSignal),
});
