using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Telemetry;
using CtSeg.Testing;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Tests.Retraining;

[Collection(TorchCollection.Name)]
public sealed class RetrainTelemetryTests(AzuriteFixture azurite)
{
    private const string Process = "process training-requests";

    [Fact]
    public async Task Given_Request_When_TheRunIsMade_Then_ItsStepsAreUnderTheMessage()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        using var recorded = new RecordedSpans();
        using var measured = new RecordedMeasurements();
        var (run, _) = await world.Runs.RequestAsync(new TrainingRunRequest("test") { Promotion = RetrainWorld.FewGroups }, RetrainWorld.Stop);
        world.Bus.Put(Queues.TrainingRequests, JsonSerializer.SerializeToUtf8Bytes(
            TrainingEvents.Requested(run.Id, 1, "/test", world.Time.GetUtcNow().UtcDateTime, recorded.TraceParent), ContractsJson.Default.CloudEventTrainingRequested));

        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        recorded.Pairs().ShouldBe([
            $"message > {Process}", $"{Process} > decide", $"{Process} > prepare", $"{Process} > publish", $"{Process} > report",
            $"{Process} > send alerts", $"{Process} > send alerts", $"{Process} > train"]);
        var delivery = recorded.Named(Process);
        delivery.GetTagItem(TelemetryAttributes.RunId).ShouldBe(run.Id);
        delivery.GetTagItem(TelemetryAttributes.RunState).ShouldBe("promoted");
        delivery.GetTagItem(TelemetryAttributes.Disposition).ShouldBe("complete");
        measured.Of(Meters.RunsEnded).ShouldBe([(1, "state=promoted")]);
        // Groups and slices of this world are called g0, s0 and so on.
        recorded.AllText().ShouldNotMatch(@"\b[gs]\d+\b");
    }

    [Fact]
    public async Task Given_ABusThatRefusesThisProcess_When_ItEnds_Then_TheSpanTellsTheFaultAndThatTheMessageWasGivenBack()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        using var recorded = new RecordedSpans();
        var (run, _) = await world.Runs.RequestAsync(new TrainingRunRequest("test"), RetrainWorld.Stop);
        world.Bus.Put(Queues.TrainingRequests, JsonSerializer.SerializeToUtf8Bytes(
            TrainingEvents.Requested(run.Id, 1, "/test", world.Time.GetUtcNow().UtcDateTime, recorded.TraceParent), ContractsJson.Default.CloudEventTrainingRequested));
        // One that came back often is replaced by a new one, which is sent.
        world.Bus.Messages(Queues.TrainingRequests).Single().DeliveryCount = 2;
        var refusing = new Effects { Before = (_, step) => { if (step.StartsWith("SEND", StringComparison.Ordinal)) throw new ServiceBus.ServiceBusException("refused", isTransient: false); } };

        await Should.ThrowAsync<ServiceBus.ServiceBusException>(() => world.DrainAsync(effects: refusing));

        var delivery = recorded.Named(Process);
        delivery.Status.ShouldBe(System.Diagnostics.ActivityStatusCode.Error);
        delivery.GetTagItem(TelemetryAttributes.ErrorType).ShouldBe("CtSeg.ServiceBus.ServiceBusException");
        delivery.GetTagItem(TelemetryAttributes.Disposition).ShouldBe("abandon");
    }
}
