// Drives the npm package "nacos": HTTP, beats, and pushes over UDP. What is said
// is in ../line/line.go.
'use strict';

const fs = require('fs');
const readline = require('readline');
const urllib = require('urllib');
const { NacosNamingClient } = require('nacos');

const quiet = { info() {}, debug() {}, warn: console.error, error: console.error }; // standard output is the test's
const listeners = new Map();
let client;

const say = (answer) => process.stdout.write(JSON.stringify(answer) + '\n');

const shown = (hosts) => hosts.map((h) => ({
  ip: h.ip, port: h.port, weight: h.weight, healthy: h.healthy, cluster: h.clusterName, metadata: h.metadata,
}));

const asked = (i) => ({ ip: i.ip, port: i.port, weight: i.weight, clusterName: i.cluster, metadata: i.metadata });

const clustersOf = (r) => (r.clusters || []).join(',');

// It has no setting for a certificate, but one for what makes its calls: here the client's own, and a certificate with each call.
const showing = (tls) => {
  const shown = { cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key) };
  return { request: (url, args) => urllib.request(url, { ...args, ...shown }) };
};

const operations = {
  async open(r) {
    // It has no setting for authorities; the test gives Node one by NODE_EXTRA_CA_CERTS.
    client = new NacosNamingClient({
      serverList: r.servers.join(','), namespace: 'public', ssl: Boolean(r.tls), logger: quiet,
      ...(r.tls && r.tls.mutual && { httpclient: showing(r.tls) }),
      ...(r.user && { username: r.user.name, password: r.user.password }),
    });
    client.on('error', (error) => console.error(error));
    await client.ready();
  },
  async register(r) {
    await client.registerInstance(r.service, asked(r.instances[0]));
  },
  async deregister(r) {
    await client.deregisterInstance(r.service, asked(r.instances[0]));
  },
  async query(r) {
    const find = r.healthy ? client.selectInstances(r.service, undefined, clustersOf(r), true, false)
      : client.getAllInstances(r.service, undefined, clustersOf(r), false);
    return shown(await find);
  },
  async subscribe(r) {
    const listener = (hosts) => say({ pushed: true, service: r.service, clusters: r.clusters, instances: shown(hosts) });
    listeners.set(r.service + '/' + clustersOf(r), listener);
    client.subscribe({ serviceName: r.service, clusters: clustersOf(r) }, listener);
  },
  async unsubscribe(r) {
    client.unSubscribe({ serviceName: r.service, clusters: clustersOf(r) }, listeners.get(r.service + '/' + clustersOf(r)));
  },
  async close() {
    await client.close();
  },
};

async function answer(text) {
  const request = JSON.parse(text);
  const operation = operations[request.op];
  if (!operation) return { absent: true };
  try {
    return { instances: await operation(request) };
  } catch (error) {
    return { error: String(error) };
  }
}

(async () => {
  for await (const text of readline.createInterface({ input: process.stdin })) say(await answer(text));
  process.exit(0);
})();
