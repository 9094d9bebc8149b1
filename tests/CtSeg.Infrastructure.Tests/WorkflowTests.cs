using System.Text.RegularExpressions;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests;

/// <summary>The workflow deploys what a person would who has set the same variables.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Workflow = File.ReadAllText(Path.Combine(Template.OfRepository.Root, ".github", "workflows", "ci.yml"));

    [Fact]
    public void Given_TheVariablesOfParameterFilesAndHooks_When_Compared_Then_TheWorkflowPassesEachAndNoOther() =>
        PassedVariable().Matches(Workflow[Workflow.IndexOf("\n  deploy:\n", StringComparison.Ordinal)..]).Select(match => match.Groups["name"].Value)
            .ShouldBe(Read(), ignoreOrder: true);

    [Fact]
    public void Given_TheVariablesOfParameterFilesAndHooks_When_Compared_Then_ThePageExplainsEachAndNoOther() =>
        DeployPage.Variables.ShouldBe(Read(), ignoreOrder: true);

    [Fact]
    public void Given_TheCompiler_When_Compared_Then_WorkflowAndPageInstallTheVersionOfTheTests()
    {
        foreach (var text in new[] { Workflow, DeployPage.Text })
            text.ShouldContain($"az bicep install --version v{BicepCompiler.Version}");
    }

    /// <summary>Without outputs of the template, which azd itself passes on.</summary>
    private static IReadOnlyList<string> Read()
    {
        var template = Template.OfRepository;
        var outputs = Output().Matches(template.Read("main.bicep")).Select(match => match.Groups["name"].Value);
        var read = template.Parameters.SelectMany(file => ReadVariable().Matches(template.Read($"{file}.bicepparam")))
            .Concat(Directory.GetFiles(Path.Combine(template.Folder, "hooks")).SelectMany(file => ShellVariable().Matches(File.ReadAllText(file))));
        return [.. read.Select(match => match.Groups["name"].Value).Distinct().Except(outputs)];
    }

    [GeneratedRegex(@"^ +(?<name>(AZURE|CTSEG)_[A-Z_]+): \$\{\{ (vars\.\k<name>|inputs\.deploy) \}\}$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex PassedVariable();

    [GeneratedRegex(@"^output (?<name>\w+) ", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Output();

    [GeneratedRegex(@"readEnvironmentVariable\('(?<name>\w+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReadVariable();

    [GeneratedRegex(@"\$\{?(?<name>(AZURE|CTSEG)_[A-Z_]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShellVariable();
}
