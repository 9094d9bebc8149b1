namespace CtSeg.Shared.Tests.Imaging;

/// <summary>One line of golden/expected.csv.</summary>
internal sealed record GoldenFile(string File, string Grey, int Width, int Height, int Bits, int Channels);

/// <summary>The files that golden/make.py made with OpenCV, Pillow and libtiff.</summary>
internal static class Golden
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Imaging", "golden");

    public static IReadOnlyList<GoldenFile> Files { get; } = [.. Table("expected.csv").Select(f =>
        new GoldenFile(f[0], f[1], Number(f[2]), Number(f[3]), Number(f[4]), Number(f[5])))];

    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    /// <summary>The fields of a table, its heading left out.</summary>
    public static IEnumerable<string[]> Table(string name) =>
        File.ReadLines(Path.Combine(Folder, name)).Skip(1).Select(line => line.Split(','));

    public static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    public static TheoryData<string> Names(string pattern) =>
        [.. Files.Select(f => f.File).Where(f => f.EndsWith(pattern, StringComparison.Ordinal))];
}
