// Sending, batches, peeking, scheduling, duplicates, time to live, drain.
import { check, equal, assert, until, refused, receive, peekAll, nothing } from "./harness.mjs";

check("array-of-messages-in-order", {}, async ({ sender, receiver }) => {
  await sender().sendMessages(Array.from({ length: 20 }, (_, i) => ({ body: i })));
  const messages = await receive(receiver(), 20);
  equal(messages.map((message) => message.body), Array.from({ length: 20 }, (_, i) => i), "bodies");
});

check("batch-of-100", {}, async ({ sender, receiver }) => {
  const s = sender();
  const batch = await s.createMessageBatch();
  for (let i = 0; i < 100; i++) assert(batch.tryAddMessage({ body: i, messageId: `b-${i}`, applicationProperties: { i } }), "the batch is full");
  await s.sendMessages(batch);
  const messages = await receive(receiver(), 100);
  equal(messages.map((message) => [message.body, message.messageId, message.applicationProperties.i]).at(99), [99, "b-99", 99], "last");
  equal(new Set(messages.map((message) => message.messageId)).size, 100, "distinct messages");
});

check("batch-has-the-size-of-the-service", {}, async ({ sender }) => {
  equal((await sender().createMessageBatch()).maxSizeInBytes, 262144, "batch size");
});

check("sequence-numbers-and-enqueued-times-grow", {}, async ({ sender, receiver }) => {
  await sender().sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  const messages = await receive(receiver(), 3);
  for (let i = 1; i < 3; i++) {
    assert(messages[i].sequenceNumber.greaterThan(messages[i - 1].sequenceNumber), "sequence numbers do not grow");
    assert(messages[i].enqueuedTimeUtc >= messages[i - 1].enqueuedTimeUtc, "enqueued times go back");
  }
  assert(Math.abs(messages[0].enqueuedTimeUtc.getTime() - Date.now()) < 30000, "the enqueued time is not now");
});

check("body-kinds", {}, async ({ sender, receiver }) => {
  const bodies = ["text", { a: [1, 2] }, Buffer.from([0, 255, 7]), null];
  await sender().sendMessages(bodies.map((body) => ({ body })));
  await sender().sendMessages({ body: "as a value", bodyType: "value" });
  const messages = await receive(receiver(), 5);
  equal(messages.map((message) => message.body), [...bodies, "as a value"], "bodies");
});

check("message-of-200-kilobytes", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: Buffer.alloc(200 * 1024, 7) });
  const [message] = await receive(receiver(), 1);
  equal([message.body.length, message.body[0], message.body.at(-1)], [200 * 1024, 7, 7], "body");
});

check("too-large-a-message-is-refused", {}, async ({ sender, receiver }) => {
  const s = sender();
  await refused(() => s.sendMessages({ body: Buffer.alloc(300 * 1024) }), "MessageSizeExceeded", "sending");
  await s.sendMessages({ body: "small" });
  equal((await receive(receiver(), 1))[0].body, "small", "the message after it");
});

check("peek-does-not-lock", {}, async ({ sender, receiver }) => {
  await sender().sendMessages([{ body: 1 }, { body: 2 }]);
  const r = receiver();
  const peeked = await peekAll(r, 10);
  equal(peeked.map((message) => message.body), [1, 2], "peeked");
  assert(peeked.every((message) => message.lockToken === undefined), "a peeked message has a lock token");
  equal((await receive(r, 2)).length, 2, "received after peeking");
});

check("peek-sees-locked-and-deferred", {}, async ({ sender, receiver }) => {
  await sender().sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  const r = receiver();
  const [first, second] = await receive(r, 2);
  await r.deferMessage(second);
  const peeked = await peekAll(receiver(), 10);
  equal(peeked.map((message) => [message.body, message.state]), [[1, "active"], [2, "deferred"], [3, "active"]], "peeked");
  await r.completeMessage(first);
});

check("peek-from-a-sequence-number", {}, async ({ sender, receiver }) => {
  await sender().sendMessages(Array.from({ length: 6 }, (_, i) => ({ body: i })));
  const r = receiver();
  const all = await peekAll(r, 6);
  const later = await r.peekMessages(2, { fromSequenceNumber: all[3].sequenceNumber });
  equal(later.map((message) => message.body), [3, 4], "peeked");
});

check("scheduled-comes-at-its-time", {}, async ({ sender, receiver }) => {
  const at = new Date(Date.now() + 1500);
  await sender().scheduleMessages({ body: "later" }, at);
  const r = receiver();
  await nothing(r, "messages before the time", 300);
  const [message] = await receive(r, 1);
  equal(message.body, "later", "body");
  assert(message.enqueuedTimeUtc.getTime() >= at.getTime() - 5, "enqueued before its time");
});

check("scheduled-by-property", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: "later", scheduledEnqueueTimeUtc: new Date(Date.now() + 1000) });
  const r = receiver();
  await nothing(r, "messages before the time", 300);
  equal((await receive(r, 1))[0].body, "later", "body");
});

check("scheduled-is-seen-by-peek", {}, async ({ sender, receiver }) => {
  const numbers = await sender().scheduleMessages([{ body: 1 }, { body: 2 }], new Date(Date.now() + 60000));
  const peeked = await peekAll(receiver(), 5);
  equal(peeked.map((message) => message.state), ["scheduled", "scheduled"], "states");
  equal(peeked.map((message) => message.sequenceNumber.toString()), numbers.map(String), "sequence numbers");
});

check("cancelled-schedule-does-not-come", {}, async ({ sender, receiver }) => {
  const s = sender();
  const [first] = await s.scheduleMessages([{ body: "cancelled" }, { body: "kept" }], new Date(Date.now() + 1000));
  await s.cancelScheduledMessages(first);
  const r = receiver();
  equal((await receive(r, 1))[0].body, "kept", "body");
  await nothing(r, "more messages");
  await refused(() => s.cancelScheduledMessages(first), "MessageNotFound", "cancelling again");
});

const duplicates = { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: "PT1M" };

check("duplicate-is-dropped", duplicates, async ({ sender, receiver }) => {
  const s = sender();
  await s.sendMessages({ body: "first", messageId: "same" });
  await s.sendMessages({ body: "second", messageId: "same" });
  await s.sendMessages({ body: "other", messageId: "other" });
  equal((await receive(receiver(), 2)).map((message) => message.body), ["first", "other"], "bodies");
});

check("duplicate-is-dropped-after-completion", duplicates, async ({ sender, receiver }) => {
  const s = sender();
  const r = receiver();
  await s.sendMessages({ body: 1, messageId: "same" });
  await r.completeMessage((await receive(r, 1))[0]);
  await s.sendMessages({ body: 2, messageId: "same" });
  await nothing(r, "messages after the duplicate");
});

check("duplicate-in-a-batch-is-dropped", duplicates, async ({ sender, receiver }) => {
  await sender().sendMessages([{ body: 1, messageId: "x" }, { body: 2, messageId: "x" }, { body: 3, messageId: "y" }]);
  const r = receiver();
  equal((await receive(r, 2)).map((message) => message.body), [1, 3], "bodies");
  await nothing(r, "more messages");
});

const forgotten = { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: "PT1S" };

check("duplicate-is-taken-after-the-window", forgotten, async ({ sender, receiver }) => {
  const s = sender();
  const r = receiver();
  await s.sendMessages({ body: 1, messageId: "same" });
  await s.sendMessages({ body: 2, messageId: "same" });
  equal((await peekAll(r)).map((message) => message.body), [1], "bodies within the window");
  await until("the id is taken again", async () => {
    await s.sendMessages({ body: 3, messageId: "same" });
    return (await peekAll(r)).length === 2;
  });
});

check("expired-message-is-dropped", {}, async ({ sender, receiver, deadLetters }) => {
  await sender().sendMessages([{ body: "short", timeToLive: 500 }, { body: "long" }]);
  const r = receiver();
  await until("one message is left", async () => (await peekAll(receiver(), 5)).length === 1);
  equal((await receive(r, 1))[0].body, "long", "body");
  equal((await peekAll(deadLetters(), 1)).length, 0, "dead letters");
});

check("queue-default-time-to-live", { DefaultMessageTimeToLive: "PT1S" }, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1, timeToLive: 60000 });
  equal((await peekAll(receiver(), 1)).length, 1, "messages at first");
  await until("the message expired", async () => (await peekAll(receiver(), 1)).length === 0);
});

check("expired-message-is-dead-lettered", { DeadLetteringOnMessageExpiration: true }, async ({ sender, receiver, deadLetters }) => {
  await sender().sendMessages({ body: "old", timeToLive: 300 });
  const [dead] = await receive(deadLetters(), 1);
  equal([dead.body, dead.deadLetterReason], ["old", "TTLExpiredException"], "dead letter");
  await nothing(receiver(), "messages left in the queue");
});

check("drain-returns-what-is-there", {}, async ({ sender, receiver }) => {
  const r = receiver();
  await sender().sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
  const started = Date.now();
  const messages = await r.receiveMessages(10, { maxWaitTimeInMs: 10000 });
  equal(messages.map((message) => message.body), [1, 2, 3], "bodies");
  assert(Date.now() - started < 8000, "the drain was not answered");
});

check("drain-leaves-no-credit-behind", {}, async ({ sender, receiver }) => {
  const first = receiver();
  for (let i = 0; i < 3; i++) await nothing(first, "messages in an empty queue", 100);
  await sender().sendMessages({ body: "for the second" });
  equal((await receive(receiver(), 1, 5000))[0].body, "for the second", "body");
});

check("receiver-works-after-many-drains", {}, async ({ sender, receiver }) => {
  const [s, r] = [sender(), receiver()];
  for (let i = 0; i < 15; i++) {
    await s.sendMessages(Array.from({ length: (i % 4) + 1 }, (_, j) => ({ body: `${i}-${j}` })));
    const messages = await receive(r, (i % 4) + 1);
    equal(messages.map((message) => message.body), Array.from({ length: (i % 4) + 1 }, (_, j) => `${i}-${j}`), "bodies");
    await Promise.all(messages.map((message) => r.completeMessage(message)));
    if (i % 5 === 0) await nothing(r, "messages in an empty queue", 50);
  }
});

check("two-receivers-share-without-overlap", {}, async ({ sender, receiver }) => {
  await sender().sendMessages(Array.from({ length: 40 }, (_, i) => ({ body: i })));
  const [a, b] = await Promise.all([receive(receiver(), 20), receive(receiver(), 20)]);
  equal(new Set([...a, ...b].map((message) => message.body)).size, 40, "distinct messages");
});
