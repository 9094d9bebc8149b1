// Receiving under lock and the ways to settle.
import { check, equal, assert, until, refused, receive, peekAll, nothing } from "./harness.mjs";

const short = { LockDuration: "PT1S" };

check("send-and-receive", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({
    body: { slice: 7 }, messageId: "m-1", subject: "s", correlationId: "c", contentType: "application/json",
    applicationProperties: { text: "a", number: 5, flag: true },
  });
  const [message] = await receive(receiver(), 1);
  equal(message.body, { slice: 7 }, "body");
  equal([message.messageId, message.subject, message.correlationId, message.contentType], ["m-1", "s", "c", "application/json"], "properties");
  equal(message.applicationProperties, { text: "a", number: 5, flag: true }, "application properties");
  equal(message.deliveryCount, 0, "delivery count");
});

check("peek-lock-hides-the-message", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  await receive(receiver(), 1);
  await nothing(receiver(), "messages for a second receiver");
});

check("locked-until-is-the-lock-duration-away", { LockDuration: "PT45S" }, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const [message] = await receive(receiver(), 1);
  const ahead = message.lockedUntilUtc.getTime() - Date.now();
  assert(ahead > 30000 && ahead <= 46000, `locked for another ${ahead} ms`);
});

check("complete-removes", short, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  const [message] = await receive(r, 1);
  await r.completeMessage(message);
  equal((await peekAll(r, 1)).length, 0, "messages left");
  await nothing(r, "messages after the lock would have ended", 1500);
});

check("abandon-delivers-again-with-count", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  for (const count of [0, 1, 2]) {
    const [message] = await receive(r, 1);
    equal(message.deliveryCount, count, "delivery count");
    await r.abandonMessage(message);
  }
});

check("abandon-changes-properties", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: "kept", applicationProperties: { old: 1 } });
  const r = receiver();
  await r.abandonMessage((await receive(r, 1))[0], { why: "later" });
  const [message] = await receive(r, 1);
  equal(message.applicationProperties, { old: 1, why: "later" }, "application properties");
  equal(message.body, "kept", "body");
});

check("dead-letter-with-reason", {}, async ({ sender, receiver, deadLetters, queue }) => {
  await sender().sendMessages({ body: "bad", messageId: "dead-1" });
  const r = receiver();
  await r.deadLetterMessage((await receive(r, 1))[0], { deadLetterReason: "unreadable", deadLetterErrorDescription: "not an image", step: 3 });
  await nothing(r, "messages left in the queue");
  const [dead] = await receive(deadLetters(), 1);
  equal([dead.deadLetterReason, dead.deadLetterErrorDescription], ["unreadable", "not an image"], "reason");
  equal([dead.messageId, dead.body, dead.applicationProperties.step], ["dead-1", "bad", 3], "message");
  equal(dead.deadLetterSource, queue, "source");
});

check("dead-letter-without-reason", {}, async ({ sender, receiver, deadLetters }) => {
  await sender().sendMessages({ body: "bad" });
  const r = receiver();
  await r.deadLetterMessage((await receive(r, 1))[0]);
  equal((await receive(deadLetters(), 1))[0].body, "bad", "body");
});

check("dead-letters-can-be-completed", {}, async ({ sender, receiver, deadLetters }) => {
  await sender().sendMessages({ body: "bad" });
  const r = receiver();
  await r.deadLetterMessage((await receive(r, 1))[0]);
  const d = deadLetters();
  await d.completeMessage((await receive(d, 1))[0]);
  equal((await peekAll(d, 1)).length, 0, "dead letters left");
});

check("sending-to-a-dead-letter-queue-is-refused", {}, async ({ client, queue }) => {
  await refused(() => client.createSender(`${queue}/$deadletterqueue`).sendMessages({ body: 1 }), undefined, "sending");
});

check("defer-hides-from-receivers", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  await r.deferMessage((await receive(r, 1))[0]);
  await nothing(r, "messages after deferral");
});

check("deferred-is-received-by-number-and-completed", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: "later", messageId: "d-1" });
  const r = receiver();
  const [message] = await receive(r, 1);
  await r.deferMessage(message);
  const [deferred] = await r.receiveDeferredMessages([message.sequenceNumber]);
  equal([deferred.body, deferred.messageId, deferred.state], ["later", "d-1", "deferred"], "deferred message");
  await r.completeMessage(deferred);
  equal((await peekAll(r, 1)).length, 0, "messages left");
});

check("deferred-stays-deferred-when-abandoned", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  const [message] = await receive(r, 1);
  await r.deferMessage(message);
  await r.abandonMessage((await r.receiveDeferredMessages([message.sequenceNumber]))[0]);
  await nothing(r, "messages after abandoning a deferred one");
  equal((await r.receiveDeferredMessages([message.sequenceNumber])).length, 1, "deferred messages");
});

check("unknown-deferred-number-is-refused", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  const [message] = await receive(r, 1);
  await refused(() => r.receiveDeferredMessages([message.sequenceNumber]), "MessageNotFound", "receiving what is not deferred");
});

check("lock-expiry-delivers-again-with-count", short, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  await receive(r, 1);
  const [again] = await receive(r, 1);
  equal(again.deliveryCount, 1, "delivery count");
});

check("settling-after-lock-expiry-is-refused", short, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const [first, second] = [receiver(), receiver()];
  const [message] = await receive(first, 1);
  await receive(second, 1);
  await refused(() => first.completeMessage(message), "MessageLockLost", "completing");
});

check("settling-twice-is-refused", {}, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  const [message] = await receive(r, 1);
  await r.completeMessage(message);
  await refused(() => r.completeMessage(message), undefined, "completing again");
});

check("locks-outlive-receivers", { LockDuration: "PT2S" }, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const first = receiver();
  await receive(first, 1);
  await first.close();
  const second = receiver();
  await nothing(second, "messages while the lock lasts");
  equal((await receive(second, 1))[0].deliveryCount, 1, "delivery count after the lock");
});

check("settling-when-the-receiver-was-reopened", {}, async ({ sender, receiver, client }) => {
  await sender().sendMessages({ body: 1 });
  const first = receiver();
  const [message] = await receive(first, 1);
  await first.deferMessage(message);
  const second = receiver();
  const [deferred] = await second.receiveDeferredMessages([message.sequenceNumber]);
  await second.deadLetterMessage(deferred, { deadLetterReason: "r", deadLetterErrorDescription: "d" });
  equal((await receive(client.createReceiver(second.entityPath, { subQueueType: "deadLetter" }), 1))[0].deadLetterReason, "r", "reason");
});

check("max-delivery-by-abandoning", { MaxDeliveryCount: 3 }, async ({ sender, receiver, deadLetters }) => {
  await sender().sendMessages({ body: "poison" });
  const r = receiver();
  for (let i = 0; i < 3; i++) await r.abandonMessage((await receive(r, 1))[0]);
  equal((await receive(deadLetters(), 1))[0].deadLetterReason, "MaxDeliveryCountExceeded", "reason");
  await nothing(r, "messages left in the queue");
});

check("max-delivery-by-lock-expiry", { LockDuration: "PT1S", MaxDeliveryCount: 2 }, async ({ sender, receiver, deadLetters }) => {
  await sender().sendMessages({ body: "poison" });
  const r = receiver();
  await receive(r, 1);
  await receive(r, 1);
  equal((await receive(deadLetters(), 1))[0].deadLetterReason, "MaxDeliveryCountExceeded", "reason");
});

check("renew-keeps-the-lock", { LockDuration: "PT2S" }, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const r = receiver();
  const [message] = await receive(r, 1);
  const firstEnd = message.lockedUntilUtc.getTime();
  const other = receiver();
  while (Date.now() < firstEnd + 1000) {
    const end = await r.renewMessageLock(message);
    assert(end.getTime() > Date.now() + 1000, "the new end is not a lock duration away");
    await nothing(other, "messages for another receiver", 200);
  }
  await r.completeMessage(message);
});

check("renewing-an-expired-lock-is-refused", short, async ({ sender, receiver }) => {
  await sender().sendMessages({ body: 1 });
  const [first, second] = [receiver(), receiver()];
  const [message] = await receive(first, 1);
  await receive(second, 1);
  await refused(() => first.renewMessageLock(message), "MessageLockLost", "renewing");
});

check("receive-and-delete", short, async ({ sender, receiver }) => {
  await sender().sendMessages([{ body: 1 }, { body: 2 }]);
  const r = receiver({ receiveMode: "receiveAndDelete" });
  const bodies = (await receive(r, 2)).map((message) => message.body);
  equal(bodies, [1, 2], "bodies");
  equal((await peekAll(r, 1)).length, 0, "messages left");
  await nothing(r, "messages later", 1500);
});

check("streaming-with-automatic-completion", {}, async ({ sender, receiver }) => {
  const r = receiver();
  const seen = [];
  const errors = [];
  const subscription = r.subscribe(
    { processMessage: async (message) => void seen.push(message.body), processError: async ({ error }) => void errors.push(error.message) },
    { maxConcurrentCalls: 4 },
  );
  await sender().sendMessages(Array.from({ length: 50 }, (_, i) => ({ body: i })));
  await until("50 messages handled", () => seen.length === 50);
  await until("all completed", async () => (await peekAll(r)).length === 0);
  await subscription.close();
  equal(errors, [], "errors");
  equal([...seen].sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i), "bodies");
});
