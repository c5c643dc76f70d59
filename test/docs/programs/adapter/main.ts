import { PepeunitClient } from 'pepeunit-client';
import { fileSystemFigures, toolWifi } from './device.js';

const client = new PepeunitClient({
  envFilePath: 'env.json',
  schemaFilePath: 'schema.json',
  logFilePath: 'log.json',
  ffWifiManagerEnable: true,
  ntpHost: '127.0.0.1',
  adapters: { wifi: toolWifi('./wifi-tool'), system: fileSystemFigures('figures') },
});
client.on('online', () => client.logger.info(`Online, WiFi ${client.wifiManager.connectionState}`));
process.once('SIGTERM', () => void client.stopMainCycle());
await client.runMainCycle();
