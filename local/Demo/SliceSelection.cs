using CtSeg.Imaging;
using CtSeg.Local.Phantom;

namespace CtSeg.Local.Demo;

/// <summary>The slices that a command line names.</summary>
/// <param name="Skipped">Files of the named folders that are no image by their extension.</param>
internal sealed record SliceSelection(IReadOnlyList<DemoSlice> Slices, int Skipped)
{
    private const int PhantomSeed = 20260101;
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".tif", ".tiff"];

    /// <summary>Slices that belong to nobody, the same every time.</summary>
    public static SliceSelection Phantoms(int count) => new(
        [.. Enumerable.Range(1, count).Select(number => new DemoSlice($"phantom-{number:000}.png", _ =>
            Task.FromResult(new BinaryData(PngWriter.Grey(PhantomSlice.Generate(PhantomSeed + number).Image)))))],
        Skipped: 0);

    /// <summary>A file is taken whatever it is; of a folder, the files that are images by their extension.</summary>
    /// <exception cref="SliceSelectionException">A path does not exist, or nothing was found.</exception>
    public static SliceSelection Of(IReadOnlyList<string> paths, int? limit)
    {
        var files = new List<string>();
        var skipped = 0;
        foreach (var path in paths)
        {
            if (File.Exists(path))
            {
                files.Add(Path.GetFullPath(path));
                continue;
            }
            if (!Directory.Exists(path))
                throw new SliceSelectionException($"'{path}' does not exist: give files or folders of PNG, JPEG or TIFF slices.");
            var inFolder = Directory.GetFiles(path).Order(StringComparer.Ordinal).ToLookup(IsImage);
            files.AddRange(inFolder[true].Select(Path.GetFullPath));
            skipped += inFolder[false].Count();
        }
        if (files.Count == 0)
            throw new SliceSelectionException($"No slices in {string.Join(", ", paths)}: give a folder that holds {string.Join(", ", Extensions)} files itself, not in folders below it.");
        var chosen = files.Distinct(StringComparer.Ordinal).Take(limit ?? int.MaxValue).ToList();
        var names = UniqueNames(chosen);
        return new([.. chosen.Zip(names, (file, name) => new DemoSlice(name, token => ReadAsync(file, token)))], skipped);
    }

    /// <summary>The file name where no other file has it, else with as many of its folders as tell the files apart.</summary>
    internal static IReadOnlyList<string> UniqueNames(IReadOnlyList<string> files)
    {
        var names = files.Select(file => Tail(file, 1)).ToArray();
        for (var depth = 2; ; depth++)
        {
            var clashing = names.Select((name, index) => (name, index)).GroupBy(entry => entry.name, StringComparer.Ordinal)
                .Where(group => group.Count() > 1).SelectMany(group => group.Select(entry => entry.index)).ToList();
            if (clashing.Count == 0)
                return names;
            foreach (var index in clashing)
                names[index] = Tail(files[index], depth);
        }
    }

    private static string Tail(string file, int parts) =>
        string.Join('/', file.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).TakeLast(parts));

    private static bool IsImage(string file) =>
        Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    private static async Task<BinaryData> ReadAsync(string file, CancellationToken cancellationToken) =>
        new(await File.ReadAllBytesAsync(file, cancellationToken));
}

/// <summary>The named slices cannot be found.</summary>
public sealed class SliceSelectionException : Exception
{
    public SliceSelectionException() { }
    public SliceSelectionException(string message) : base(message) { }
    public SliceSelectionException(string message, Exception innerException) : base(message, innerException) { }
}
