using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Models;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests;

/// <summary>What the pages tell users to type, and the decision that they explain, are what the program understands.</summary>
public sealed partial class UserPagesTests
{
    private static readonly RootCommand Job = new()
    {
        DataCommand.Create(_ => null, TimeProvider.System), ModelsCommand.Create(), TrainingRunsCommand.Create(), RetrainCommand.Create(), TrainCommand.Create(), DeadLettersCommand.Create(),
    };

    public static TheoryData<string> Commands => [.. new[] { "retraining.md", "erasure.md", "operations.md" }.SelectMany(CommandsOf)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Given_ACommandOfAPage_When_Parsed_Then_TheProgramKnowsIt(string command) =>
        Job.Parse([.. CommandLineParser.SplitCommandLine(command)]).Errors.Select(error => error.Message).ShouldBeEmpty();

    [Fact]
    public void Given_TheDecisionThatIsReadAloud_When_Read_Then_ItsVerdictsFollowFromItsNumbers()
    {
        var json = DecisionPattern().Match(Page("retraining.md")).Groups["json"].Value;
        var decision = JsonSerializer.Deserialize(json, ModelsJson.Default.PromotionDecision).ShouldNotBeNull();
        foreach (var one in decision.Classes.Prepend(decision.Overall))
        {
            (one.ChallengerDice - one.ChampionDice).ShouldNotBeNull().ShouldBe(one.Gain.ShouldNotBeNull(), 1e-9);
            one.GainAtLeast.ShouldNotBeNull().ShouldBeLessThan(one.Gain.Value);
            one.Decides.ShouldBe(one.GroupsWithClass >= decision.Terms.MinGroups);
            one.Passes.ShouldBe(one.Decides && one.GainAtLeast > (one == decision.Overall ? 0 : -decision.Terms.Margin));
        }
        decision.Promote.ShouldBe(decision.Overall.Passes && decision.Classes.Where(one => one.Decides).All(one => one.Passes));
        decision.Terms.ShouldBe(new PromotionTerms());
    }

    private static IEnumerable<string> CommandsOf(string page)
    {
        foreach (Match block in BlockPattern().Matches(Page(page)))
            foreach (var line in block.Groups["code"].Value.Split('\n').Where(line => line.StartsWith("./ctseg ", StringComparison.Ordinal)))
                yield return line["./ctseg ".Length..].Split(" #")[0].Trim();
        // Other pages name commands in a sentence without what they need.
        foreach (Match inline in InlinePattern().Matches(page == "operations.md" ? Page(page) : ""))
            if (Job.Subcommands.Any(verb => inline.Groups["command"].Value.StartsWith($"{verb.Name} ", StringComparison.Ordinal)))
                yield return inline.Groups["command"].Value;
    }

    private static string Page(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Serverless.sln")))
            folder = folder.Parent;
        return File.ReadAllText(Path.Combine(folder.ShouldNotBeNull("The tests run outside the repository.").FullName, "docs", name));
    }

    [GeneratedRegex("^```[a-z]*\\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex BlockPattern();

    [GeneratedRegex("`\\./ctseg (?<command>[^`\n]+)`", RegexOptions.None, 1000)]
    private static partial Regex InlinePattern();

    [GeneratedRegex("^```json\\n(?<json>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex DecisionPattern();
}
