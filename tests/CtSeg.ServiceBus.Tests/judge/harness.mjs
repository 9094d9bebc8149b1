// What the checks share: queues, waiting on states with a deadline, a proxy that can cut connections.
import { randomUUID } from "node:crypto";
import net from "node:net";
import Long from "long";
import { setTimeout as pause } from "node:timers/promises";

export const checks = [];

/** Registers a check; it has the queue of its own name unless it says otherwise. */
export function check(name, settings, run) {
  checks.push({ name, settings, run });
}

/** The emulator's configuration: one queue for every check, so that none disturbs another. */
export function configuration() {
  const queues = checks.map(({ name, settings }) => ({ Name: name, Properties: settings }));
  return { UserConfig: { Namespaces: [{ Name: "judge", Queues: queues }] } };
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function equal(actual, expected, what) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  assert(a === e, `${what}: expected ${e}, got ${a}`);
}

/** Asks again until the state is there; fails at the deadline. */
export async function until(what, probe, deadline = 15000) {
  const end = Date.now() + deadline;
  for (;;) {
    const result = await probe();
    if (result) return result;
    assert(Date.now() < end, `not within ${deadline} ms: ${what}`);
    await pause(20);
  }
}

export async function refused(action, code, what) {
  try {
    await action();
  } catch (error) {
    if (code) assert(error.code === code, `${what}: expected ${code}, got ${error.code} (${error.message})`);
    return error;
  }
  throw new Error(`${what}: was not refused`);
}

/** Receives exactly `count` messages, or fails at the deadline. */
export async function receive(receiver, count, wait = 15000) {
  const messages = [];
  const end = Date.now() + wait;
  while (messages.length < count) {
    assert(Date.now() < end, `received ${messages.length} of ${count} messages`);
    messages.push(...(await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 5000 })));
  }
  return messages;
}

/** What is in the queue, from its start: the client's own peek goes on from where the last one ended. */
export function peekAll(receiver, count = 10) {
  return receiver.peekMessages(count, { fromSequenceNumber: Long.fromNumber(0) });
}

/** Nothing comes within the time in which something would have. */
export async function nothing(receiver, what, wait = 300) {
  const messages = await receiver.receiveMessages(1, { maxWaitTimeInMs: wait });
  equal(messages.length, 0, what);
}

/** A TCP proxy before the emulator: cut() breaks all connections without a word. */
export async function proxy(port) {
  const sockets = new Set();
  const server = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: () => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

/** The client cannot settle a message that has no id: gives one to those that have none. */
export function withIds(sender) {
  const send = sender.sendMessages.bind(sender);
  const schedule = sender.scheduleMessages.bind(sender);
  const identify = (message) => ({ messageId: randomUUID(), ...message });
  const all = (messages) => (Array.isArray(messages) ? messages.map(identify) : "tryAddMessage" in messages ? messages : identify(messages));
  sender.sendMessages = (messages) => send(all(messages));
  sender.scheduleMessages = (messages, at) => schedule(all(messages), at);
  return sender;
}
