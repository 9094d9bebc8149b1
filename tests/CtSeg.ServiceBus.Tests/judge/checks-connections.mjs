// Tokens, refusals, broken connections, numbers.
import { ServiceBusClient } from "@azure/service-bus";
import { check, equal, assert, refused, receive, peekAll, proxy, withIds } from "./harness.mjs";

const once = { retryOptions: { maxRetries: 0, timeoutInMs: 5000 } };
const patient = { retryOptions: { maxRetries: 10, retryDelayInMs: 50, timeoutInMs: 2000 } };

const portOf = (connectionString) => Number(/127\.0\.0\.1:(\d+)/.exec(connectionString)[1]);

check("a-wrong-key-is-refused", {}, async ({ connectionString, queue }) => {
  const wrong = connectionString.replace(/SharedAccessKey=[^;]*/, "SharedAccessKey=d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgMTI=");
  const client = new ServiceBusClient(wrong, once);
  await refused(() => client.createSender(queue).sendMessages({ body: 1 }), "UnauthorizedAccess", "sending");
  await client.close();
});

check("a-wrong-key-name-is-refused", {}, async ({ connectionString, queue }) => {
  const client = new ServiceBusClient(connectionString.replace(/SharedAccessKeyName=[^;]*/, "SharedAccessKeyName=Nobody"), once);
  await refused(() => client.createReceiver(queue).receiveMessages(1, { maxWaitTimeInMs: 1000 }), "UnauthorizedAccess", "receiving");
  await client.close();
});

check("an-unknown-queue-is-refused-to-senders", {}, async ({ client }) => {
  await refused(() => client.createSender("no-such-queue").sendMessages({ body: 1 }), "MessagingEntityNotFound", "sending");
});

check("an-unknown-queue-is-refused-to-receivers", {}, async ({ client }) => {
  await refused(() => client.createReceiver("no-such-queue").peekMessages(1), "MessagingEntityNotFound", "peeking");
});

check("reconnects-after-broken-connections", {}, async ({ connectionString, queue }) => {
  const broken = await proxy(portOf(connectionString));
  const client = new ServiceBusClient(connectionString.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${broken.port}`), patient);
  const sender = withIds(client.createSender(queue));
  const receiver = client.createReceiver(queue);
  const seen = new Set();
  for (let i = 0; i < 4; i++) {
    await sender.sendMessages({ body: i });
    const messages = await receive(receiver, 1, 30000);
    for (const message of messages) {
      seen.add(message.body);
      await receiver.completeMessage(message);
    }
    // Not after the last one: closing the client would wait for a connection that is gone.
    if (i < 3) broken.cut();
  }
  equal([...seen], [0, 1, 2, 3], "received in spite of broken connections");
  await client.close();
  broken.close();
});

check("2500-messages-arrive-once", {}, async ({ sender, receiver }) => {
  const s = sender();
  for (let sent = 0; sent < 2500; sent += 100)
    await s.sendMessages(Array.from({ length: 100 }, (_, i) => ({ body: sent + i })));
  const r = receiver();
  const seen = [];
  while (seen.length < 2500) {
    const messages = await r.receiveMessages(250, { maxWaitTimeInMs: 5000 });
    assert(messages.length > 0, `received only ${seen.length}`);
    await Promise.all(messages.map((message) => r.completeMessage(message)));
    seen.push(...messages.map((message) => message.body));
  }
  equal(seen.length, 2500, "received");
  equal(new Set(seen).size, 2500, "distinct");
  equal((await peekAll(r)).length, 0, "messages left");
});

check("200-clients-connect-at-once", {}, async ({ connectionString, queue, receiver }) => {
  const clients = Array.from({ length: 200 }, () => new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 30000 } }));
  await Promise.all(clients.map((client, i) => client.createSender(queue).sendMessages({ body: i })));
  await Promise.all(clients.map((client) => client.close()));
  const bodies = (await receive(receiver(), 200)).map((message) => message.body);
  equal(new Set(bodies).size, 200, "distinct messages");
});
