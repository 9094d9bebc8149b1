using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Training;

/// <summary>A data folder: `images/NAME.png`, `masks/NAME.png` and `slices.csv` with the columns slice and group.</summary>
/// <param name="Sha256">Hash over the names, groups, images and masks of all slices.</param>
internal sealed record TrainingData(IReadOnlyList<LabelledSlice> Slices, string Sha256)
{
    /// <returns>An option of the command line for the argument of <see cref="Load"/>.</returns>
    public static Option<string> CreateOption() => PathOption.Required("--data", "Data folder: images/, masks/, slices.csv (slice, group).");

    /// <exception cref="TrainingDataException">The folder is not a data folder; the message says where.</exception>
    public static TrainingData Load(string folder)
    {
        var list = Path.Combine(folder, "slices.csv");
        if (!File.Exists(list))
            throw new TrainingDataException($"'{list}' does not exist: a data folder holds images/, masks/ and slices.csv.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var slices = SliceTable.Read(list)
            .OrderBy(slice => slice.Name, StringComparer.Ordinal)
            .Select(slice => LoadSlice(folder, slice.Name, slice.Group, hash))
            .ToList();
        if (slices.Count == 0)
            throw new TrainingDataException($"'{list}' names no slice.");
        RequireApart(slices);
        return new TrainingData(slices, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>A slice as it was uploaded, at its own size.</summary>
    public static GreyImage Upload(string folder, string name) => SliceDecoder.Decode(File.ReadAllBytes(Path.Combine(folder, "images", name + ".png"))).Grey;

    /// <summary>No slice may lie on both sides of a split, be it in another size, window or compression.</summary>
    private static void RequireApart(List<LabelledSlice> slices)
    {
        if (slices.GroupBy(slice => slice.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } named)
            throw new TrainingDataException($"slices.csv names '{named.Key}' more than once: leave one line.");
        var torn = slices
            .GroupBy(slice => Convert.ToHexStringLower(SHA256.HashData(slice.Image.Pixels)), StringComparer.Ordinal)
            .FirstOrDefault(same => same.Select(slice => slice.Group).Distinct(StringComparer.Ordinal).Count() > 1);
        if (torn is not null)
            throw new TrainingDataException($"{string.Join(" and ", torn.Select(slice => $"'{slice.Name}'"))} are the same picture in several groups: put them into one.");
        RequireAlikeTogether(slices);
    }

    private static void RequireAlikeTogether(List<LabelledSlice> slices)
    {
        var pictures = slices.Select(slice => (Slice: slice, Picture: PictureIdentity.Of(slice.Image))).ToList();
        var earlier = new PictureIndex([]);
        var seen = new List<(LabelledSlice Slice, PictureIdentity Picture)>();
        foreach (var group in pictures.GroupBy(pair => pair.Slice.Group, StringComparer.Ordinal))
        {
            if (group.FirstOrDefault(pair => earlier.Knows(pair.Picture)) is { Slice: { } slice } alike)
            {
                var other = seen.First(pair => new PictureIndex([pair.Picture]).Knows(alike.Picture)).Slice;
                throw new TrainingDataException($"'{other.Name}' and '{slice.Name}' are one picture in other sizes, windows or compressions, and in several groups: put them into one.");
            }
            seen.AddRange(group);
            foreach (var (_, picture) in group)
                earlier.Add(picture);
        }
    }

    private static LabelledSlice LoadSlice(string folder, string name, string group, IncrementalHash hash)
    {
        if (name.Length == 0 || Path.GetFileName(name) != name)
            throw new TrainingDataException($"'{name}' in slices.csv is not a file name.");
        if (string.IsNullOrWhiteSpace(group))
            throw new TrainingDataException($"slices.csv gives '{name}' no group: name the patient or scan that it is of, or give it a group of its own.");
        try
        {
            var image = File.ReadAllBytes(Path.Combine(folder, "images", name + ".png"));
            var mask = File.ReadAllBytes(Path.Combine(folder, "masks", name + ".png"));
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n{group}\n"));
            hash.AppendData(SHA256.HashData(image));
            hash.AppendData(SHA256.HashData(mask));
            var (slice, labels) = (SlicePreprocessor.Process(image), MaskPng.Read(mask));
            if (!MaskShape.Fits(slice.Original, labels))
                throw new TrainingDataException(
                    $"The mask of '{name}' has {labels.Width} x {labels.Height} pixels, its image {slice.Original.Width} x {slice.Original.Height}: sides that are not in proportion do not show the same field, so give the mask of this image.");
            return new LabelledSlice(name, group, slice.Image, labels);
        }
        catch (Exception exception) when (exception is IOException or SliceRejectedException)
        {
            throw new TrainingDataException($"The slice '{name}' of '{folder}' cannot be read: {exception.Message}");
        }
    }
}

/// <summary>A data folder cannot be used.</summary>
internal sealed class TrainingDataException(string message) : Exception(message);
