using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class AccountFolderTests : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("ctseg-models-").FullName;

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Theory]
    [InlineData("https://one.blob.core.windows.net/?sv=2024-01-01&sig=abc")]
    [InlineData("https://one.blob.core.windows.net")]
    [InlineData("https://ONE.blob.core.windows.net/")]
    public void Given_OneAccountAddressedInSeveralWays_When_Named_Then_ItIsTheSame(string address) =>
        // SHA-256 of "https://one.blob.core.windows.net" by sha256sum(1).
        Path.GetRelativePath(_cache, AccountFolder.Of(_cache, new Uri(address))).ShouldBe("4cfb29373c8555fe");

    [Theory]
    [InlineData(null)]
    [InlineData("state")]
    public async Task Given_TwoAccountsOnOneMachine_When_TheAliasOfOneIsDamaged_Then_TheModelOfTheOtherDoesNotServe(string? given)
    {
        var (first, second) = (new FakeBlobStorage(), new FakeBlobStorage());
        var models = new FakeModels(first);
        await models.PublishAsync("v1");
        await models.PointAsync("v1");
        await new FakeModels(second).PutAsync(BlobPaths.CurrentModel, [7]);

        await RunAsync(first.ConnectAs("first"), models, given is null ? null : Path.Combine(_cache, given, "first"));
        await Should.ThrowAsync<ModelRefusedException>(() => RunAsync(second.ConnectAs("second"), models, given is null ? null : Path.Combine(_cache, given, "second")));

        // Each tells its own: the note of what was told is not in the way either.
        Directory.GetFiles(_cache, "last-served.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        await new FakeModels(first).PutAsync(BlobPaths.CurrentModel, [7]);
        await RunAsync(first.ConnectAs("first"), models, given is null ? null : Path.Combine(_cache, given, "first"));
    }

    /// <summary>Until the job is idle.</summary>
    private async Task RunAsync(BlobServiceClient storage, FakeModels models, string? state)
    {
        var time = TimeProvider.System;
        var options = new ConsumeOptions(new ConsumerLimits { Idle = TimeSpan.FromSeconds(0.2), MaxWait = TimeSpan.FromSeconds(0.1) }, ModelFolder: null, TimeSpan.FromSeconds(1));
        var job = new ConsumeJob(options, storage, new FakeServiceBus(time).Connect(new Effects()), models.Load, _cache, time, NullLoggerFactory.Instance) { StateFolder = state };
        (await job.RunAsync(TestContext.Current.CancellationToken)).ShouldBe(ConsumerEnd.Idle);
    }
}
