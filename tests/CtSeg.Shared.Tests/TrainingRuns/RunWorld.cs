using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.TrainingRuns;

/// <summary>An account of its own, a clock, and a look at the blobs.</summary>
internal sealed class RunWorld
{
    public const string Owner = "0123456789abcdef";
    public const string Other = "fedcba9876543210";

    public RunWorld(string connection)
    {
        Storage = new BlobServiceClient(connection);
        Runs = new TrainingRunStore(Storage, Clock);
        Container = Storage.GetBlobContainerClient(Containers.TrainingRuns);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 27, 2, 0, 0, TimeSpan.Zero));
    public BlobServiceClient Storage { get; }
    public TrainingRunStore Runs { get; }
    public BlobContainerClient Container { get; }
    public DateTime Now => Clock.GetUtcNow().UtcDateTime;

    public static CancellationToken Stop => TestContext.Current.CancellationToken;
    public static TrainingRunRequest Request { get; } = new("command") { Epochs = 3 };

    public async Task<TrainingRunStatus> RequestAsync() => (await Runs.RequestAsync(Request, Stop)).Run;

    public async Task<TrainingRunStatus> ClaimedAsync(string owner = Owner)
    {
        var run = await RequestAsync();
        return (await Runs.ClaimAsync(run.Id, owner, Stop)).Run.ShouldNotBeNull();
    }

    public async Task<TrainingRunStatus> ReadAsync(string id) => (await Runs.FindAsync(id, Stop)).ShouldNotBeNull().Run;

    public async Task<bool> ExistsAsync(string blob) => await Container.GetBlobClient(blob).ExistsAsync(Stop);

    public Task WriteAsync(string blob, string content) => Container.GetBlobClient(blob).UploadAsync(BinaryData.FromString(content), overwrite: true, Stop);

    public async Task<IReadOnlyList<TrainingRunListing>> ListAsync(int? limit = null)
    {
        var found = new List<TrainingRunListing>();
        await foreach (var run in Runs.ListAsync(limit, Stop))
            found.Add(run);
        return found;
    }
}
