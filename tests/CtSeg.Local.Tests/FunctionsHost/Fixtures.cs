namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>The files of tests/fixtures/custom-handler.</summary>
internal static class Fixtures
{
    private static readonly string Root = FindRoot();

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Root, name));

    public static string Text(string name) => File.ReadAllText(Path.Combine(Root, name));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, "tests/fixtures/custom-handler")))
                return Path.Combine(folder.FullName, "tests/fixtures/custom-handler");
        throw new DirectoryNotFoundException("tests/fixtures/custom-handler was not found above the test's folder.");
    }
}
