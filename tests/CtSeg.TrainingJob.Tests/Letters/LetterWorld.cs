using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Testing;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>Storage and bus on which things die, are recorded as the functions do, and are sent again.</summary>
internal sealed class LetterWorld
{
    private static readonly LetterFilter All = new(null, null, null);
    private readonly RoleGuard _roles = new("operators");

    /// <param name="lockDuration">Of messages that are received; hours where null.</param>
    public LetterWorld(TimeSpan? lockDuration = null)
    {
        var time = new FastTime();
        Consumer = lockDuration is { } duration ? new ConsumerWorld(time, new FakeServiceBus(time) { LockDuration = duration }) : new ConsumerWorld();
    }

    public ConsumerWorld Consumer { get; }

    public FakeServiceBus Bus => Consumer.Bus;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Scans whose requests were delivered as often as allowed, in vain.</summary>
    public async Task<IReadOnlyList<ScanId>> KilledScansAsync(int count)
    {
        var scans = new List<ScanId>();
        for (var number = 0; number < count; number++)
            scans.Add(await Consumer.UploadAsync($"dead/{number}.png", (byte)(40 + number)));
        Bus.Kill(Queues.SegmentationRequests);
        return scans;
    }

    /// <summary>What RecordDeadLetters does with all that lies in the dead-letter queue.</summary>
    public async Task RecordAsync()
    {
        var record = new DeadLetters(Consumer.Statuses, Consumer.Blobs, Consumer.Connect().GetBlobContainerClient(Containers.Audit), Consumer.Time);
        await using var receiver = Bus.Connect(new Effects()).CreateReceiver(Queues.DeadLettersOf(Queues.SegmentationRequests));
        while (Consumer.DeadLetters().Count > 0)
        {
            foreach (var message in await receiver.ReceiveAsync(10, TimeSpan.FromSeconds(1), Cancel))
            {
                await record.RecordAsync(
                    new DeadLetter(System.Text.Encoding.UTF8.GetString(message.Body.Span))
                    {
                        MessageId = message.MessageId,
                        SequenceNumber = $"{message.SequenceNumber}",
                        Reason = message.DeadLetterReason,
                        Deliveries = message.DeliveryCount,
                        Replays = message.ApplicationProperties.GetValueOrDefault(MessageProperties.Replays) as int? ?? 0,
                    },
                    Cancel);
                await receiver.CompleteAsync(message, Cancel);
            }
        }
    }

    public Task ArchiveAsync(DeadLetter letter) =>
        new LetterArchive(Consumer.Connect().GetBlobContainerClient(Containers.Audit)).StoreAsync(letter, eventId: null, Cancel);

    public async Task<IReadOnlyList<FoundLetter>> FindAsync() => (await Box().FindAsync(All, Cancel)).Letters;

    /// <summary>One run of the command.</summary>
    public async Task<IReadOnlyList<(FoundLetter Letter, ReplayOutcome Outcome)>> ReplayAsync(
        Effects? effects = null, bool dryRun = false, LetterFilter? filter = null, CancellationToken? cancel = null)
    {
        var box = Box(effects);
        var told = new List<(FoundLetter, ReplayOutcome)>();
        var token = cancel ?? Cancel;
        await box.ReplayAsync(await box.FindAsync(filter ?? All, token), dryRun, (letter, outcome) => { lock (told) told.Add((letter, outcome)); }, token);
        _roles.Refused.ShouldBeEmpty();
        return told;
    }

    /// <summary>A verb as it is typed.</summary>
    public Task<(int Code, string Said)> RunAsync(params string[] arguments) => RunAsync(null, Cancel, arguments);

    public Task<(int Code, string Said)> RunAsync(Effects? effects, CancellationToken cancel, params string[] arguments) =>
        LetterCommands.RunAsync(Box(effects), cancel, arguments);

    /// <summary>One run that is killed after a step, and with it all it held.</summary>
    public async Task ReplayAndDieAsync(int step, CancellationTokenSource cleanUp)
    {
        var killed = new Effects { DiesAfter = step };
        _ = ReplayAsync(killed, cancel: cleanUp.Token);
        await DieAsync(killed);
    }

    /// <summary>The end of a process that is killed, and with it all it held.</summary>
    public async Task DieAsync(Effects killed)
    {
        await killed.Died.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
        Bus.ExpireLocks();
    }

    public LetterBox Box(Effects? effects = null) =>
        new(Consumer.Storage.Connect(effects, _roles), Bus.Connect(effects ?? new Effects()), queues: null, maxUploadBytes: 1 << 20, Consumer.Time);
}
