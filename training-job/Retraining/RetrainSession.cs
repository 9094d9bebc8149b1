using System.Security.Cryptography;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Puts the parts of the retraining job together.</summary>
internal sealed class RetrainSession(BlobServiceClient storage, IServiceBusClient bus, RetrainLimits limits, TimeProvider time, ILoggerFactory logs)
{
    private const int OwnerLength = 16;

    /// <value>Keys of which one must have signed a model that is put into use; none where it needs no signature.</value>
    public TrustedKeys Trusted { get; init; } = TrustedKeys.None;

    /// <value>Signs what is trained; null where models are signed by hand, or not at all.</value>
    public SigningKey? Key { get; init; }

    /// <value>For tests; made from the storage where null.</value>
    public IChallengerTrainer? Trainer { get; init; }

    /// <value>For tests; made from the storage where null.</value>
    public IChallengerJudge? Judge { get; init; }

    /// <exception cref="ServiceBusException">A queue is refused or stayed out of reach.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        await using var receiver = bus.CreateReceiver(Queues.TrainingRequests);
        await using var requests = bus.CreateSender(Queues.TrainingRequests);
        await using var alerts = bus.CreateSender(Queues.Alerts);
        var runs = new TrainingRunStore(storage, time) { StaleAfter = limits.StaleAfter };
        var events = new RetrainEvents(requests, alerts, time);
        var owner = RandomNumberGenerator.GetHexString(OwnerLength, lowercase: true);
        var consumer = new RetrainConsumer(receiver, runs, Steps(runs, events), events, limits, owner, time, logs.CreateLogger<RetrainConsumer>());
        await consumer.RunAsync(stopping);
    }

    private RetrainingSteps Steps(TrainingRunStore runs, RetrainEvents events)
    {
        var logger = logs.CreateLogger<RetrainSession>();
        var data = new DataSetStore(storage, time) { Damaged = damaged => logger.DamagedData(damaged.BlobPath, damaged.Problem) };
        var models = new ModelStore(storage);
        var signing = new RunSigning(models, Trusted, Key, logs.CreateLogger<RunSigning>());
        var erasure = new RunErasure(storage, data, models, time, logs.CreateLogger<RunErasure>());
        var shadow = new RunShadow(new ShadowStore(storage, time), new ShadowResultStore(storage), time);
        var judge = Judge ?? new ChallengerJudge(data, models, new PromotionChain(storage), Trusted, time);
        var reports = new RunReports(storage, data, models, runs.Checkpoints, time, logs.CreateLogger<RunReports>());
        return new RetrainingSteps(
            new RunPreparation(data, models, runs, signing),
            Trainer ?? new ChallengerTraining(data, signing, runs.Checkpoints, time, logs.CreateLogger<ChallengerTraining>()),
            new ChallengerPublication(data, models),
            signing,
            erasure,
            new RunPromotion(
                storage, models, new ModelAlias(storage, time) { Trusted = Trusted }, signing, judge, shadow, new ShadowBeginning(models, shadow, erasure, reports),
                erasure, logs.CreateLogger<RunPromotion>()),
            shadow,
            reports,
            models,
            events,
            logs.CreateLogger<RetrainingSteps>());
    }
}
