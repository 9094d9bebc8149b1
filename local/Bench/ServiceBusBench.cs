using System.Diagnostics;
using System.Globalization;
using CtSeg.Local.ServiceBus;
using CtSeg.Local.ServiceBus.Configuration;
using CtSeg.Local.ServiceBus.Store;
using CtSeg.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.Local.Bench;

/// <param name="OneByOnePerSecond">Messages a second sent, received and completed singly, with <paramref name="Concurrency"/> under way.</param>
/// <param name="BatchedPerSecond">The same, sent and received in batches.</param>
/// <param name="Concurrency">Operations under way at once when singly.</param>
/// <param name="MessagesOverDisconnects">Messages sent while connections were cut.</param>
/// <param name="Disconnects">How often all connections were cut.</param>
/// <param name="Lost">Messages accepted by the emulator's answer that never came.</param>
/// <param name="CpuMicrosecondsPerMessage">Client and emulator together, batched.</param>
internal sealed record ServiceBusBenchResult(
    double OneByOnePerSecond, double BatchedPerSecond, int Concurrency, int MessagesOverDisconnects, int Disconnects, int Lost, double CpuMicrosecondsPerMessage);

/// <summary>Send + receive + complete through our client and our emulator in one process, and what survives broken connections.</summary>
internal sealed class ServiceBusBench(TimeProvider time)
{
    private const string Queue = "bench";
    private const int Concurrency = 32;
    private const int BatchSize = 100;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    /// <param name="messages">Messages of each of the two rates.</param>
    /// <param name="disconnects">How often to cut all connections.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task<ServiceBusBenchResult> RunAsync(int messages, int disconnects, CancellationToken cancellationToken)
    {
        var config = new EmulatorConfig([new QueueSettings(Queue) { LockDuration = TimeSpan.FromSeconds(1), MaxDeliveryCount = 1000 }]);
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions(config), time, NullLogger.Instance, cancellationToken);
        await using var client = AmqpServiceBusClient.FromConnectionString(emulator.ConnectionString, new ServiceBusClientOptions { TimeProvider = time });
        // Warm: connections open, code compiled.
        await MeasureAsync(client, messages, BatchSize, cancellationToken);
        await MeasureAsync(client, messages, 1, cancellationToken);

        var oneByOne = await MeasureAsync(client, messages, 1, cancellationToken);
        var cpuBefore = Environment.CpuUsage.TotalTime;
        var batched = await MeasureAsync(client, messages, BatchSize, cancellationToken);
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        var (sent, lost) = await DisconnectAsync(emulator, client, disconnects, cancellationToken);
        return new ServiceBusBenchResult(oneByOne, batched, Concurrency, sent, disconnects, lost, cpu.TotalMicroseconds / messages);
    }

    private static async Task<double> MeasureAsync(AmqpServiceBusClient client, int messages, int batch, CancellationToken cancellationToken)
    {
        await using var sender = client.CreateSender(Queue);
        await using var receiver = client.CreateReceiver(Queue, prefetch: 2 * BatchSize);
        var started = Stopwatch.GetTimestamp();
        var sending = SendAsync(sender, messages, batch, cancellationToken);
        await ReceiveAsync(receiver, messages, batch, cancellationToken);
        await sending;
        return messages / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static Task SendAsync(IMessageSender sender, int messages, int batch, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, messages).Chunk(batch),
            new ParallelOptions { MaxDegreeOfParallelism = batch == 1 ? Concurrency : 2, CancellationToken = cancellationToken },
            async (numbers, token) =>
            {
                if (numbers.Length == 1)
                    await sender.SendAsync(Message(numbers[0]), token);
                else
                    await sender.SendAsync(Array.ConvertAll(numbers, Message), token);
            });

    private static async Task ReceiveAsync(IMessageReceiver receiver, int messages, int batch, CancellationToken cancellationToken)
    {
        var left = messages;
        var readers = Enumerable.Range(0, batch == 1 ? Concurrency : 1).Select(async _ =>
        {
            while (Volatile.Read(ref left) > 0)
            {
                var received = await receiver.ReceiveAsync(batch, TimeSpan.FromMilliseconds(100), cancellationToken);
                await Task.WhenAll(received.Select(message => receiver.CompleteAsync(message, cancellationToken)));
                Interlocked.Add(ref left, -received.Count);
            }
        });
        await Task.WhenAll(readers);
    }

    private static async Task<(int Sent, int Lost)> DisconnectAsync(
        ServiceBusEmulator emulator, AmqpServiceBusClient client, int disconnects, CancellationToken cancellationToken)
    {
        await using var sender = client.CreateSender(Queue);
        await using var receiver = client.CreateReceiver(Queue, prefetch: 4);
        var sent = 0;
        var seen = new HashSet<string>();
        using var allSent = new CancellationTokenSource();
        var receiving = Task.Run(async () =>
        {
            var emptyAtTheEnd = false;
            while (!emptyAtTheEnd)
            {
                var isEnd = allSent.IsCancellationRequested;
                var received = await receiver.ReceiveAsync(4, isEnd ? Wait : TimeSpan.FromMilliseconds(200), cancellationToken);
                emptyAtTheEnd = isEnd && received.Count == 0;
                foreach (var message in received)
                {
                    seen.Add(message.MessageId!);
                    await CompleteAsync(receiver, message, cancellationToken);
                }
            }
        }, cancellationToken);
        for (var i = 0; i < disconnects; i++)
        {
            // Cut at different moments: before, while and after a message is under way.
            var sending = sender.SendAsync(Message(sent++, "cut"), cancellationToken);
            if (i % 2 == 0)
                emulator.DropConnections();
            await sending;
            await sender.SendAsync(Message(sent++, "cut"), cancellationToken);
            if (i % 2 == 1)
                emulator.DropConnections();
        }
        await allSent.CancelAsync();
        await receiving;
        return (sent, Enumerable.Range(0, sent).Count(number => !seen.Contains(Id(number, "cut"))));
    }

    private static async Task CompleteAsync(IMessageReceiver receiver, ReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await receiver.CompleteAsync(message, cancellationToken);
        }
        catch (MessageLockLostException)
        {
            // The connection broke between the settlement and its answer, or for longer than the lock: it comes again or is done.
        }
    }

    private static OutgoingMessage Message(int number) => Message(number, "rate");

    private static OutgoingMessage Message(int number, string run) =>
        new("""{"specversion":"1.0","type":"ctseg.segmentation.requested.v1","data":{"preprocessed":"preprocessed/0123456789abcdef/manifest.json"}}"""u8.ToArray())
        {
            MessageId = Id(number, run),
        };

    private static string Id(int number, string run) => string.Create(CultureInfo.InvariantCulture, $"{run}-{number}");
}
