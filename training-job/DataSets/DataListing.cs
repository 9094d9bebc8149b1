using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.DataSets;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>What the training data hold.</summary>
/// <param name="DataSet">The version that a snapshot of it has.</param>
/// <param name="Damaged">Blob paths of documents that were left out.</param>
internal sealed record DataListing(
    string DataSet, SliceCount All, IReadOnlyList<CountedClass> Classes, IReadOnlyList<CountedOrigin> Origins, IReadOnlyList<CountedGroup> Groups,
    IReadOnlyList<string> Damaged)
{
    /// <value>Null where nobody asked for them.</value>
    public IReadOnlyList<ListedSlice>? Slices { get; init; }

    public static DataListing Of(CurrentData data, IReadOnlyList<string> damaged, bool slices)
    {
        ListedSlice[] all =
        [
            .. data.Slices.Zip(data.Data.Slices, (slice, entry) => new ListedSlice(
                slice.Id.ToString(), slice.Name, entry.Group, data.Locked.Contains(slice.Id), slice.Origin.Kind, slice.ClassPixels)),
        ];
        return new DataListing(
            data.Data.Version,
            Count(all),
            [.. Enumerable.Range(1, LesionMask.ClassCount - 1).Select(lesion => new CountedClass(
                ((LesionClass)lesion).Token, Count([.. all.Where(slice => slice.ClassPixels[lesion] > 0)]), all.Sum(slice => slice.ClassPixels[lesion])))],
            [.. all.GroupBy(slice => slice.Origin, StringComparer.Ordinal).OrderBy(origin => origin.Key, StringComparer.Ordinal)
                .Select(origin => new CountedOrigin(origin.Key, Count([.. origin])))],
            [.. all.GroupBy(slice => slice.Group, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new CountedGroup(group.Key, group.First().Locked, group.Count(), [.. Enumerable.Range(0, LesionMask.ClassCount).Select(lesion => group.Sum(slice => slice.ClassPixels[lesion]))]))],
            damaged)
        {
            Slices = slices ? all : null,
        };
    }

    private static SliceCount Count(ListedSlice[] slices)
    {
        var locked = slices.Where(slice => slice.Locked).ToList();
        return new SliceCount(slices.Length, Groups(slices), locked.Count, Groups(locked));

        static int Groups(IEnumerable<ListedSlice> of) => of.Select(slice => slice.Group).Distinct(StringComparer.Ordinal).Count();
    }
}

/// <param name="LockedSlices">Of the slices, those of the locked set.</param>
internal sealed record SliceCount(int Slices, int Groups, int LockedSlices, int LockedGroups);

/// <param name="Count">Of slices that hold the class.</param>
/// <param name="Pixels">Of all slices.</param>
internal sealed record CountedClass(string Name, SliceCount Count, long Pixels);

internal sealed record CountedOrigin(string Kind, SliceCount Count);

/// <param name="ClassPixels">By class, background first.</param>
internal sealed record CountedGroup(string Group, bool Locked, int Slices, IReadOnlyList<long> ClassPixels);

/// <param name="Group">After groups that share a picture became one.</param>
internal sealed record ListedSlice(string Id, string Name, string Group, bool Locked, string Origin, IReadOnlyList<long> ClassPixels);

/// <summary>One slice, as `data show` tells it.</summary>
/// <param name="Group">After groups that share a picture became one.</param>
internal sealed record ShownSlice(TrainingSlice Slice, string Group, bool Locked);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DataListing))]
[JsonSerializable(typeof(ShownSlice))]
internal sealed partial class DataListingJson : JsonSerializerContext;
