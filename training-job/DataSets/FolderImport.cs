using CtSeg.DataSets;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>A data folder to be imported: images/NAME.png, masks/NAME.png and slices.csv.</summary>
internal static class FolderImport
{
    /// <exception cref="TrainingDataException">The folder has no usable slices.csv.</exception>
    public static ImportSource Open(string folder, string groupColumn, TimeProvider time)
    {
        var list = Path.Combine(folder, "slices.csv");
        var slices = SliceTable.Read(list, groupColumn);
        if (slices.Count == 0)
            throw new TrainingDataException($"'{list}' names no slice.");
        var origin = new SliceOrigin(SliceOrigins.Import, time.GetUtcNow().UtcDateTime) { Source = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar)) };
        var more = slices.CountBy(slice => slice.Name, StringComparer.Ordinal).Where(name => name.Value > 1).Select(name => name.Key).ToHashSet(StringComparer.Ordinal);
        return new ImportSource(slices.Count, slices.Select(slice => new ImportEntry(slice.Name, () => more.Contains(slice.Name)
            ? throw new ImportRefusedException("slices.csv names it more than once: leave one line.")
            : Read(folder, slice.Name, slice.Group, origin))));
    }

    private static NewSlice Read(string folder, string name, string group, SliceOrigin origin)
    {
        if (!NewSlice.IsName(name) || Path.GetFileName(name) != name)
            throw new ImportRefusedException("its name in slices.csv is not a file name.");
        if (!NewSlice.IsName(group))
            throw new ImportRefusedException("slices.csv gives it no group: name the patient or scan that it is of, or give it a group of its own.");
        var image = new BinaryData(File.ReadAllBytes(Path.Combine(folder, "images", name + ".png")));
        var mask = MaskPng.Read(File.ReadAllBytes(Path.Combine(folder, "masks", name + ".png")));
        return new NewSlice(NewSlice.IdOf(name, image), name, group, image, mask, origin);
    }
}
