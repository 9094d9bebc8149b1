// node judge.mjs --configuration: prints the emulator's configuration.
// node judge.mjs [NAME] (SERVICEBUS_CONNECTION_STRING set): prints "ok NAME" or "FAILED NAME: why" for every check,
// then one line of JSON; exits with 0 if all passed.
import { ServiceBusClient } from "@azure/service-bus";
import { checks, configuration, withIds } from "./harness.mjs";
import "./checks-settlement.mjs";
import "./checks-queues.mjs";
import "./checks-connections.mjs";

const CHECK_DEADLINE_MS = 60000;
// The client would renew locks by itself, and none would ever run out.
const noRenewal = { maxAutoLockRenewalDurationInMs: 0 };

if (process.argv.includes("--configuration")) {
  console.log(JSON.stringify(configuration()));
  process.exit(0);
}

const connectionString = process.env.SERVICEBUS_CONNECTION_STRING;
const results = [];
const only = process.argv[2];
for (const { name, run } of checks.filter((each) => !only || each.name === only)) {
  const started = Date.now();
  const client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 1, retryDelayInMs: 100, timeoutInMs: 20000 } });
  let deadline;
  let error;
  try {
    const context = {
      client,
      queue: name,
      connectionString,
      sender: () => withIds(client.createSender(name)),
      receiver: (options) => client.createReceiver(name, { ...noRenewal, ...options }),
      deadLetters: (options) => client.createReceiver(name, { ...noRenewal, subQueueType: "deadLetter", ...options }),
    };
    await Promise.race([
      run(context),
      new Promise((_, reject) => {
        deadline = setTimeout(() => reject(new Error(`no end after ${CHECK_DEADLINE_MS} ms`)), CHECK_DEADLINE_MS);
      }),
    ]);
  } catch (e) {
    error = e;
  }
  clearTimeout(deadline);
  await client.close().catch(() => {});
  const milliseconds = Date.now() - started;
  results.push({ name, passed: !error, milliseconds, error: error?.message });
  console.log(error ? `FAILED ${name}: ${error.message.replaceAll("\n", " ")}` : `ok ${name} (${milliseconds} ms)`);
}
const failed = results.filter((result) => !result.passed).length;
console.log(JSON.stringify({ passed: results.length - failed, failed, results }));
process.exit(failed === 0 ? 0 : 1);
