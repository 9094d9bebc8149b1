using System.Globalization;
using System.Runtime.InteropServices;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Imaging.Nifti;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>How a pair of volumes is imported.</summary>
/// <param name="Turn">In place of what the volumes say of their orientation; null where that counts.</param>
/// <param name="Groups">File with the columns slice (1 is the first) and group; null where there is none.</param>
/// <param name="Group">Of all slices; null where each is a group of its own, or <paramref name="Groups"/> says.</param>
internal sealed record VolumeImportOptions(PictureTurn? Turn, string? Groups = null, string? Group = null, string GroupColumn = "group");

/// <summary>
/// Two NIfTI-1 volumes to be imported slice by slice along the third axis: Hounsfield units, which become grey through
/// <see cref="HounsfieldWindow.Training"/>, and labels 0 to 3. Both are turned alike (<see cref="VolumeTurn"/>).
/// </summary>
internal static class VolumeImport
{
    /// <exception cref="NiftiRejectedException">A volume cannot be read, or the two differ in size.</exception>
    /// <exception cref="TrainingDataException">The file of groups cannot be read.</exception>
    public static ImportSource Open(string images, string masks, VolumeImportOptions options, TimeProvider time)
    {
        var groups = options.Groups is { } file ? ReadGroups(file, options.GroupColumn) : null;
        var values = OpenVolume(images);
        NiftiVolume? labels = null;
        try
        {
            labels = OpenVolume(masks);
            if (SizeOf(values.Header) != SizeOf(labels.Header))
                throw new NiftiRejectedException(
                    FailureReason.Corrupt, $"The images have {SizeOf(values.Header)} values, the masks {SizeOf(labels.Header)}: give the masks of these images.");
            var turn = VolumeTurn.Of(values.Header.Orientation, labels.Header.Orientation, options.Turn);
            var origin = new SliceOrigin(SliceOrigins.Import, time.GetUtcNow().UtcDateTime) { Source = Path.GetFileName(images) };
            return new ImportSource(values.Header.Slices, Entries(values, labels, StemOf(images), options, turn.Turn, groups, origin), values, labels)
            {
                Warnings = [.. new[] { GroupWarning(values.Header, options), turn.Warning }.OfType<string>()],
            };
        }
        catch
        {
            labels?.Dispose();
            values.Dispose();
            throw;
        }
    }

    private static string? GroupWarning(NiftiHeader header, VolumeImportOptions options) =>
        options.Groups is null && options.Group is null && header.Slices > 1
            ? "Every slice becomes a group of its own. Where several show one patient, scores on the locked set are too good: say which belong together with --groups or --group."
            : null;

    private static NiftiVolume OpenVolume(string file)
    {
        try
        {
            return NiftiVolume.Open(File.OpenRead(file));
        }
        catch (NiftiRejectedException e)
        {
            throw new NiftiRejectedException(e.Reason, $"'{file}': {e.Message}", e);
        }
    }

    private static IEnumerable<ImportEntry> Entries(
        NiftiVolume values, NiftiVolume labels, string stem, VolumeImportOptions options, PictureTurn turn, Dictionary<int, string>? groups, SliceOrigin origin)
    {
        for (var number = 1; values.ReadSlice() is { } hu && labels.ReadSlice() is { } classes; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number:000}");
            var group = groups is null ? options.Group ?? name : groups.GetValueOrDefault(number);
            yield return new ImportEntry(name, () => NewSlice.IsName(group)
                ? Slice(values.Header, hu, classes, name, group!, turn, origin)
                : throw new ImportRefusedException("the file of groups gives it no group."));
        }
    }

    private static NewSlice Slice(NiftiHeader header, double[] hu, double[] classes, string name, string group, PictureTurn turn, SliceOrigin origin)
    {
        var (width, height, upright) = turn.Apply<double>(header.Width, header.Height, hu);
        var image = new BinaryData(PngWriter.Grey(HounsfieldWindow.Training.ToGrey(width, height, upright)));
        var mask = new LesionMask(width, height, turn.Apply<byte>(header.Width, header.Height, Labels(header.Width, classes)).Pixels);
        // By what the volume holds: imported again with another turn it is the same slice.
        return new NewSlice(ScanId.FromContent(name, MemoryMarshal.AsBytes(hu.AsSpan())), name, group, image, mask, origin);
    }

    private static byte[] Labels(int width, double[] classes)
    {
        var labels = new byte[classes.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            // A NaN is none of them.
            if (!(classes[i] is 0 or 1 or 2 or 3))
                throw new ImportRefusedException(string.Create(
                    CultureInfo.InvariantCulture, $"its mask holds {classes[i]} at column {i % width + 1} of row {i / width + 1}, but classes go from 0 to {LesionMask.ClassCount - 1}."));
            labels[i] = (byte)classes[i];
        }
        return labels;
    }

    private static Dictionary<int, string> ReadGroups(string file, string column)
    {
        var groups = new Dictionary<int, string>();
        foreach (var (name, group) in SliceTable.Read(file, column))
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
                throw new TrainingDataException($"'{file}' names the slice '{name}': slices of a volume have numbers, 1 is the first.");
            if (!groups.TryAdd(number, group))
                throw new TrainingDataException($"'{file}' names the slice {number} more than once: leave one line.");
        }
        return groups;
    }

    private static string SizeOf(NiftiHeader header) => $"{header.Width} x {header.Height} x {header.Slices}";

    private static string StemOf(string file)
    {
        var name = Path.GetFileName(file);
        foreach (var ending in new[] { ".nii.gz", ".nii" })
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && name.Length > ending.Length)
                return name[..^ending.Length];
        }
        return name;
    }
}
