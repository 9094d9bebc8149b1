// node identity.mjs PORT (token on standard input; NODE_EXTRA_CA_CERTS set): sends and receives with a token over TLS, then prints "ok" or the code of
// the refusal.
import { ServiceBusClient } from "@azure/service-bus";
import { text } from "node:stream/consumers";

const token = (await text(process.stdin)).trim();
const credential = { getToken: async (scopes) => ({ token, expiresOnTimestamp: Date.now() + 3600000, scopes }) };
const client = new ServiceBusClient("127.0.0.1", credential, {
  customEndpointAddress: `sb://127.0.0.1:${process.argv[2]}`,
  retryOptions: { maxRetries: 0, timeoutInMs: 20000 },
});
try {
  await client.createSender("jobs").sendMessages({ body: "hello", messageId: "1" });
  const receiver = client.createReceiver("jobs");
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 10000 });
  await receiver.completeMessage(message);
  console.log(message.body === "hello" ? "ok" : `received ${message.body}`);
} catch (e) {
  console.log(e.code ?? e.message);
}
await client.close().catch(() => {});
process.exit(0);
