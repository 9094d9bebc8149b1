using System.Text.Json.Serialization;
using CtSeg.Contracts;
using CtSeg.DataSets;

namespace CtSeg.Erasure;

public enum ErasureSubject
{
    /// <summary>All slices of a group, and every slice elsewhere that shows one of their pictures.</summary>
    Group,
    /// <summary>One slice, and every slice elsewhere that shows its picture.</summary>
    Scan,
}

public enum ErasureState
{
    /// <summary>Under way, or ended in the middle: it can be gone on with.</summary>
    Open,
    Done,
}

/// <summary>
/// <c>audit/erasures/{id}.json</c>: what is to be forgotten, by hashes and without names. Written before anything is removed, and again with what was
/// found before that is removed: a process that ends in the middle leaves all that the next one needs.
/// </summary>
/// <param name="Id"><c>yyyyMMdd-HHmmss-xxxxxx</c>, UTC and six random hexadecimal characters.</param>
/// <param name="Time">When it was ordered, UTC.</param>
/// <param name="Found">So far.</param>
public sealed record ErasureOrder(string Id, ErasureSubject Subject, ErasureState State, DateTime Time, ErasureFindings Found)
{
    public int Version { get; init; } = 1;

    /// <summary>Of <see cref="ErasureSubject.Group"/>: its <see cref="GroupHash"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Group { get; init; }

    /// <summary>Of <see cref="ErasureSubject.Scan"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScanId? Scan { get; init; }

    /// <summary>The time of the order by the clock of storage: what is uploaded later is new, and stays.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? UploadedUntil { get; init; }

    /// <summary>When it is done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ErasureOutcome? Outcome { get; init; }
}

/// <summary>What an erasure is about; it only grows, in ordinal order.</summary>
/// <param name="Scans">That are forgotten, uploaded or imported.</param>
/// <param name="Pictures">Of those that were named; other pictures are the same where <see cref="PictureIndex.Knows"/> says so.</param>
/// <param name="Images">Hashes of image files in the training data.</param>
/// <param name="Masks">Hashes of masks in the training data.</param>
/// <param name="DataSets">Versions that hold such a slice.</param>
/// <param name="EvaluationSets">Versions that hold such a slice.</param>
public sealed record ErasureFindings(
    IReadOnlyList<ScanId> Scans, IReadOnlyList<PictureIdentity> Pictures, IReadOnlyList<string> Images, IReadOnlyList<string> Masks,
    IReadOnlyList<string> DataSets, IReadOnlyList<string> EvaluationSets)
{
    public static ErasureFindings None { get; } = new([], [], [], [], [], []);
}

/// <param name="Time">When it was done, UTC.</param>
/// <param name="Blobs">That were removed by the call that ended it, versions and snapshots counted.</param>
/// <param name="Models">That saw such a slice, or come from one that did.</param>
/// <param name="UnknownModels">Of which nobody noted what they learnt from.</param>
/// <param name="Runs">That were cancelled because they learnt from such a slice.</param>
public sealed record ErasureOutcome(
    DateTime Time, int Blobs, IReadOnlyList<string> Models, IReadOnlyList<string> UnknownModels, IReadOnlyList<string> Runs);
