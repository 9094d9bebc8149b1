using System.ComponentModel;
using System.Diagnostics;
using CtSeg.Testing;

namespace CtSeg.TrainingJob.Tests.Training;

/// <summary>What a build notes of its sources, see build/Revision.targets.</summary>
[Trait("Category", "Slow")]
public sealed class RevisionTests : IDisposable
{
    private const string Project = """
        <Project>
          <Target Name="InitializeSourceControlInformation">
            <PropertyGroup>
              <SourceRevisionId Condition="'$(Bare)' == '' And '$(SourceRevisionId)' == ''">abc</SourceRevisionId>
            </PropertyGroup>
          </Target>
          <Import Project="build/Revision.targets" />
        </Project>
        """;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Given_SourcesThatDifferFromTheirCommit_When_Built_Then_TheNotedCommitSaysSo()
    {
        Assert.SkipUnless(await HasGitAsync(), "git is not installed.");
        foreach (var part in new[] { "build", "docs", "training-job", "training-job/weights" })
            Directory.CreateDirectory(_folder[part]);
        File.Copy(Path.Combine(Repository.Root, "build", "Revision.targets"), _folder["build/Revision.targets"]);
        await File.WriteAllTextAsync(_folder["revision.proj"], Project, TestContext.Current.CancellationToken);
        foreach (var file in new[] { "docs/a.md", "training-job/a.cs", "training-job/weights/a.json" })
            Write(file, "1");
        await RunAsync("git", "init", "-q");
        await RunAsync("git", "add", "-A");
        await RunAsync("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "a");
        (await NotedAsync()).ShouldBe("abc");
        Write("docs/a.md", "2");
        Write("training-job/weights/a.json", "2");
        (await NotedAsync()).ShouldBe("abc");
        Write("training-job/a.cs", "2");
        (await NotedAsync()).ShouldBe("abc-dirty");
        Write("training-job/a.cs", "1");
        (await NotedAsync()).ShouldBe("abc");
        Write("training-job/b.cs", "1");
        (await NotedAsync()).ShouldBe("abc-dirty");
        Directory.Delete(_folder[".git"], recursive: true);
        (await NotedAsync()).ShouldBe("abc-unchecked");
        (await NotedAsync("-p:Bare=true")).ShouldBe("");
        (await NotedAsync("-p:SourceRevisionId=def")).ShouldBe("def");
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string file, string content) => File.WriteAllText(_folder[file], content);

    private async Task<string> NotedAsync(params string[] further) =>
        (await RunAsync("dotnet", ["msbuild", "revision.proj", "-nologo", "-t:MarkChangedSources", "-getProperty:SourceRevisionId", .. further])).Trim();

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder.Path, UseShellExecute = false, RedirectStandardOutput = true };
        // No repository around the folder counts.
        start.Environment["GIT_CEILING_DIRECTORIES"] = Path.GetDirectoryName(_folder.Path);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, output);
        return output;
    }

    private async Task<bool> HasGitAsync()
    {
        try
        {
            return (await RunAsync("git", "--version")).Length > 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
