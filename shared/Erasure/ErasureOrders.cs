using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <summary>An order as read, with the ETag that a replacement must match.</summary>
public sealed record StoredOrder(ErasureOrder Order, ETag ETag);

/// <param name="BlobPath">With its container.</param>
public sealed record DamagedOrder(string BlobPath);

/// <param name="LastLook">When it was done, or looked at again since, UTC.</param>
internal sealed record DoneOrder(StoredOrder Stored, DateTime LastLook);

/// <summary>The orders of erasures. State and times are also kept as blob metadata: the open ones and those done lately are found by one listing.</summary>
public sealed class ErasureOrders(BlobServiceClient storage, TimeProvider time)
{
    private const int MaxConflicts = 10;
    private const string StateMetadata = "state";
    private const string DoneMetadata = "done";
    private const string LookedMetadata = "looked";
    private readonly BlobContainerClient _audit = storage.GetBlobContainerClient(Containers.Audit);

    /// <param name="group">By its hash; or null.</param>
    /// <param name="scan">Or null; one of both.</param>
    public async Task<StoredOrder> CreateAsync(string? group, ScanId? scan, CancellationToken cancellationToken)
    {
        if (group is null == scan is null)
            throw new ArgumentException("An erasure is of a group or of a scan.", nameof(scan));
        var now = time.GetUtcNow().UtcDateTime;
        var id = string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
        var order = new ErasureOrder(id, group is null ? ErasureSubject.Scan : ErasureSubject.Group, ErasureState.Open, now, ErasureFindings.None)
        {
            Group = group,
            Scan = scan,
        };
        return await TryWriteAsync(order, replaces: null, cancellationToken)
            // A random id is there already: the answer to our own write was lost.
            ?? await FindAsync(id, cancellationToken) ?? throw new InvalidOperationException($"The order of erasure {id} was removed while it was being written.");
    }

    /// <returns>Null where there is none.</returns>
    /// <exception cref="JsonException">It cannot be read.</exception>
    public async Task<StoredOrder?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var answer = (await BlobOf(id).DownloadContentAsync(cancellationToken)).Value;
            var order = JsonSerializer.Deserialize(answer.Content.ToMemory().Span, ContractsJson.Default.ErasureOrder);
            if (order is null || order.Id != id || order.Group is null == order.Scan is null)
                throw new JsonException("No order of an erasure.");
            // Never replaced yet: it was last modified when it was made.
            return new StoredOrder(order with { UploadedUntil = order.UploadedUntil ?? answer.Details.LastModified.UtcDateTime }, answer.Details.ETag);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <summary>All orders, the oldest first.</summary>
    /// <param name="damaged">Told of those that cannot be read.</param>
    internal async IAsyncEnumerable<ErasureOrder> ListAllAsync(Action<DamagedOrder> damaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (order, _) in ListAsync(_ => true, damaged, cancellationToken))
            yield return order.Order;
    }

    /// <summary>Orders that are not done, the oldest first.</summary>
    /// <param name="damaged">Told of those that cannot be read.</param>
    public async Task<IReadOnlyList<StoredOrder>> ListOpenAsync(Action<DamagedOrder> damaged, CancellationToken cancellationToken)
    {
        var open = new List<StoredOrder>();
        await foreach (var (order, _) in ListAsync(
            metadata => !(metadata.TryGetValue(StateMetadata, out var state) && state == nameof(ErasureState.Done)), damaged, cancellationToken))
            if (order.Order.State == ErasureState.Open)
                open.Add(order);
        return open;
    }

    /// <summary>Orders that were done since, the oldest first.</summary>
    /// <param name="damaged">Told of those that cannot be read.</param>
    internal async Task<IReadOnlyList<DoneOrder>> ListDoneAsync(DateTime since, Action<DamagedOrder> damaged, CancellationToken cancellationToken)
    {
        var done = new List<DoneOrder>();
        await foreach (var (order, metadata) in ListAsync(metadata => TimeOf(metadata, DoneMetadata) >= since, damaged, cancellationToken))
            if (order.Order.Outcome is { } outcome)
                done.Add(new DoneOrder(order, TimeOf(metadata, LookedMetadata) ?? outcome.Time));
        return done;
    }

    /// <summary>Notes when a done order was looked at again; nothing happens where somebody changed it since it was read.</summary>
    internal async Task NoteLookAsync(StoredOrder read, CancellationToken cancellationToken)
    {
        var metadata = MetadataOf(read.Order);
        metadata[LookedMetadata] = Text(time.GetUtcNow().UtcDateTime);
        try
        {
            await BlobOf(read.Order.Id).SetMetadataAsync(metadata, new BlobRequestConditions { IfMatch = read.ETag }, cancellationToken);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e) || BlobAnswers.IsNotThere(e))
        {
            // Whoever changed it looks at it again.
        }
    }

    /// <summary>Reads, changes and writes until no other writer came between.</summary>
    /// <param name="change">The new order, or the same to leave it.</param>
    /// <exception cref="InvalidOperationException">Other writers came first every time, or the order is gone.</exception>
    public async Task<StoredOrder> ChangeAsync(StoredOrder read, Func<ErasureOrder, ErasureOrder> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(change);
        var id = read.Order.Id;
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var changed = change(read.Order);
            if (ReferenceEquals(changed, read.Order))
                return read;
            if (await TryWriteAsync(changed, read.ETag, cancellationToken) is { } written)
                return written;
            read = await FindAsync(id, cancellationToken) ?? throw new InvalidOperationException($"The order of erasure {id} was removed.");
        }
        throw new InvalidOperationException($"The order of erasure {id} changed under {MaxConflicts} attempts to write it.");
    }

    private async IAsyncEnumerable<(StoredOrder Order, IDictionary<string, string> Metadata)> ListAsync(
        Func<IDictionary<string, string>, bool> isMeant, Action<DamagedOrder> damaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(damaged);
        var options = new GetBlobsOptions { Prefix = BlobPaths.Erasures, Traits = BlobTraits.Metadata };
        await foreach (var blob in _audit.GetBlobsAsync(options, cancellationToken))
        {
            if (!isMeant(blob.Metadata))
                continue;
            StoredOrder? order = null;
            try
            {
                order = await FindAsync(Path.GetFileNameWithoutExtension(blob.Name), cancellationToken);
            }
            catch (JsonException)
            {
                damaged(new DamagedOrder($"{Containers.Audit}/{blob.Name}"));
            }
            if (order is not null)
                yield return (order, blob.Metadata);
        }
    }

    private static Dictionary<string, string> MetadataOf(ErasureOrder order)
    {
        var metadata = new Dictionary<string, string> { [StateMetadata] = order.State.ToString() };
        if (order.Outcome is { } outcome)
            metadata[DoneMetadata] = Text(outcome.Time);
        return metadata;
    }

    private static string Text(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTime? TimeOf(IDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out var text) && DateTime.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : null;

    private BlobClient BlobOf(string id) => _audit.GetBlobClient(BlobPaths.Erasure(id));

    private async Task<StoredOrder?> TryWriteAsync(ErasureOrder order, ETag? replaces, CancellationToken cancellationToken)
    {
        var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(order, ContractsJson.Default.ErasureOrder));
        return await ConditionalBlob.TryWriteAsync(BlobOf(order.Id), json, replaces, cancellationToken, metadata: MetadataOf(order)) is { } written
            ? new StoredOrder(order with { UploadedUntil = order.UploadedUntil ?? written.LastModified.UtcDateTime }, written.ETag)
            : null;
    }
}
