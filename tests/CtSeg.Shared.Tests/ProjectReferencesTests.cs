using System.Xml.Linq;

namespace CtSeg.Shared.Tests;

/// <summary>Each project keeps free of what it must not carry, directly or through another project.</summary>
public sealed class ProjectReferencesTests
{
    [Theory]
    [InlineData("functions/CtSeg.Functions.csproj", "TorchSharp")]
    [InlineData("functions/CtSeg.Functions.csproj", "AMQPNetLite")]
    [InlineData("shared/CtSeg.Shared.csproj", "TorchSharp")]
    [InlineData("shared/CtSeg.Shared.csproj", "AMQPNetLite")]
    [InlineData("shared/CtSeg.Shared.csproj", "OpenTelemetry")]
    [InlineData("local/CtSeg.Local.csproj", "OpenTelemetry")]
    [InlineData("local/CtSeg.Local.csproj", "TorchSharp")]
    [InlineData("training-job/CtSeg.TrainingJob.csproj", "Microsoft.NET.Sdk.Web")]
    [InlineData("training-job/CtSeg.TrainingJob.csproj", "Microsoft.AspNetCore.App")]
    public void GivenAProject_WhenItsReferencesAreFollowed_ThenWhatItMustNotCarryIsAbsent(string project, string forbidden) =>
        ReferencesOf(Path.Combine(RepositoryRoot, project)).ShouldNotContain(forbidden);

    [Fact]
    public void GivenTheJob_WhenItsReferencesAreFollowed_ThenTorchIsFound() =>
        ReferencesOf(Path.Combine(RepositoryRoot, "training-job/CtSeg.TrainingJob.csproj")).ShouldContain("TorchSharp");

    private static string RepositoryRoot
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Serverless.sln")))
                folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
        }
    }

    private static HashSet<string> ReferencesOf(string project)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<string>([project]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (waiting.TryDequeue(out var file))
        {
            if (!seen.Add(file))
                continue;
            var root = XDocument.Load(file).Root!;
            if (root.Attribute("Sdk")?.Value is { } sdk)
                found.Add(sdk);
            foreach (var name in IncludesOf(root, "PackageReference").Concat(IncludesOf(root, "FrameworkReference")))
                found.Add(name);
            var others = IncludesOf(root, "ProjectReference").Concat(root.Descendants("Import").Select(e => e.Attribute("Project")?.Value ?? ""));
            foreach (var path in others.Where(path => path.Length > 0))
                waiting.Enqueue(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, path)));
        }
        return found;
    }

    private static IEnumerable<string> IncludesOf(XElement root, string element) =>
        root.Descendants(element).Select(e => e.Attribute("Include")?.Value).OfType<string>();
}
