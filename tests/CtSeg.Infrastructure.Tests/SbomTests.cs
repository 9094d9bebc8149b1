using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests;

/// <summary>The bill of materials that a published program brings, see build/Sbom.targets.</summary>
[Trait("Category", "Slow")]
public sealed class SbomTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-sbom-").FullName;

    [Theory]
    [InlineData("functions/CtSeg.Functions.csproj", "ctseg-functions", "Azure.Storage.Blobs", false)]
    [InlineData("training-job/CtSeg.TrainingJob.csproj", "ctseg-job", "TorchSharp", true)]
    public async Task Given_AProgram_When_ItsBillIsWritten_Then_ItHasTheRestoredPackagesThatRunWithTheirHashes(string project, string program, string package, bool ofOneSystem)
    {
        var file = Path.Combine(Template.OfRepository.Root, project);

        var components = await WriteAsync(file, program);

        using var assets = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(file)!, "obj", "project.assets.json"), TestContext.Current.CancellationToken));
        var packages = assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
        components.ShouldContain(component => component.Name == package);
        foreach (var (name, version, hash) in components)
            hash.ShouldBe(HashOf(packages, name.ToLowerInvariant(), version.ToLowerInvariant()), name);
        // Nothing of analyzers is in a program.
        components.ShouldNotContain(component => component.Name == "Meziantou.Analyzer");
        components.Count.ShouldBe(assets.RootElement.GetProperty("targets").GetProperty(ofOneSystem ? $"net10.0/{RuntimeInformation.RuntimeIdentifier}" : "net10.0").EnumerateObject()
            .Count(library => library.Value.GetProperty("type").GetString() == "package" && HasFiles(library.Value)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>As NuGet noted it when it took the package.</summary>
    private static string HashOf(string packages, string name, string version) =>
        Convert.ToHexString(Convert.FromBase64String(File.ReadAllText(Path.Combine(packages, name, version, $"{name}.{version}.nupkg.sha512"))));

    /// <summary>That are copied or linked: "_._" stands for none.</summary>
    private static bool HasFiles(JsonElement library) => new[] { "runtime", "native", "runtimeTargets" }.Any(kind =>
        library.TryGetProperty(kind, out var files) && files.EnumerateObject().Any(file => !file.Name.EndsWith("/_._", StringComparison.Ordinal)));

    private async Task<IReadOnlyList<(string Name, string Version, string Hash)>> WriteAsync(string project, string program)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", project, "-nologo", "-nodeReuse:false", "-restore", "-t:WriteSbom", "-p:GenerateSBOM=true", $"-p:PublishDir={_folder}/"])
        {
            UseShellExecute = false, RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, said);
        using var bill = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, $"{program}.cdx.json"), TestContext.Current.CancellationToken));
        bill.RootElement.GetProperty("bomFormat").GetString().ShouldBe("CycloneDX");
        return [.. bill.RootElement.GetProperty("components").EnumerateArray().Select(component => (
            component.GetProperty("name").GetString()!, component.GetProperty("version").GetString()!, component.GetProperty("hashes")[0].GetProperty("content").GetString()!))];
    }
}
