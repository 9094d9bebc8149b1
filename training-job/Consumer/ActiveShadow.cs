using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CtSeg.Contracts;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>One shadow, from its loading to its end.</summary>
internal sealed class ActiveShadow : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private volatile ModelThread? _thread;
    private volatile bool _isRefused;

    public ActiveShadow(ShadowModel shadow, LoadingModel loading) => (Shadow, Loading, Ended) = (shadow, loading, _ended.Token);

    public ShadowModel Shadow { get; }
    public LoadingModel Loading { get; }

    /// <value>Null where it was refused, and before it was loaded.</value>
    public ModelThread? Thread => _thread;

    public bool IsLoading => _thread is null && !_isRefused;

    /// <value>Cancelled when the shadow ends: slices that wait are given up.</value>
    public CancellationToken Ended { get; }

    /// <summary>Version, hash and run become parts of paths.</summary>
    public static bool IsPlausible(ShadowModel shadow) =>
        StorageModels.IsPlausible(shadow.Model)
        && shadow.Share is > 0 and <= 1
        && shadow.RunId is { Length: > 0 and <= 64 }
        && shadow.RunId.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <summary>A number drawn from run and scan lies below the share: every job chooses the same slices.</summary>
    public static bool IsInShare(ShadowModel shadow, ScanId scan)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes($"{shadow.RunId}/{scan}"));
        return BinaryPrimitives.ReadUInt64BigEndian(hash) / Math.Pow(2, 64) < shadow.Share;
    }

    /// <returns>False too for a slice whose result the challenger itself made: it serves by now.</returns>
    public bool Wants(SegmentedSlice slice) =>
        IsInShare(Shadow, slice.Scan) && slice.Model != new ModelReference(Shadow.Model.Version, Shadow.Model.WeightsSha256);

    public void Begin(ModelThread thread) => _thread = thread;

    /// <summary>The challenger cannot be loaded: of every slice it is noted that it failed.</summary>
    public void Refuse() => _isRefused = true;

    /// <summary>Ends it and returns at once: the slice that it is at is finished, and the model disposed of, on its own thread.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        if (IsLoading)
            Loading.GiveUp();
        _thread?.Retire();
        _ended.Dispose();
    }
}
